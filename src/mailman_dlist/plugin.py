# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin class that Mailman loads."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

from mailman.config import config
from mailman.interfaces.mailinglist import IMailingList
from mailman.interfaces.pending import IPendings
from mailman.interfaces.plugin import IPlugin
from mailman.interfaces.subscriptions import ISubscriptionManager
from mailman.interfaces.template import ITemplateLoader
from public import public
from zope.component import getUtility, provideAdapter, provideUtility
from zope.interface import implementer

from mailman_dlist.app import lifecycle, lists
from mailman_dlist.app.essays import workflow
from mailman_dlist.app.essays.pendings import EssayPendings
from mailman_dlist.app.notices import templates
from mailman_dlist.app.site import runner_faults, site_settings
from mailman_dlist.commands import eml_join
from mailman_dlist.domain.errors import DlistError
from mailman_dlist.handlers.decoration import Decoration
from mailman_dlist.model import schema, session
from mailman_dlist.rest.root import DlistRoot


log = logging.getLogger('mailman.plugins.dlist')


# Programs of Mailman's that log nothing: the master reports for all runners that it
# starts, and a command reports to the person who runs it.
SILENT = 'runner', 'mailman'


def _reports() -> bool:
    """Return whether this process logs problems when it starts."""
    return Path(sys.argv[0]).name not in SILENT


def _look_around() -> None:
    """Log problems that an administrator should fix; the plugin still loads."""
    missing = schema.missing()
    if missing:
        log.error('mailman-dlist cannot work: %s', schema.TablesMissing(missing))
    for fault in runner_faults():
        log.error('%s', fault)


@public
@implementer(IPlugin)
class DlistPlugin:
    """Dynamic sublists.

    Every Mailman process creates an instance, the command line included.
    """

    def pre_hook(self) -> None:
        """See `IPlugin`."""

    def post_hook(self) -> None:
        """See `IPlugin`.

        This must not raise: Mailman would continue half initialised.  Errors are
        logged, and our components refuse to work until they are fixed.
        """
        # Parameters of SQL statements, such as answers and tokens, must not be logged
        # with errors.
        config.db.engine.hide_parameters = True
        session.wait_for_locks(config.db.engine)
        lifecycle.listen()
        loader = getUtility(ITemplateLoader)
        if not isinstance(loader, templates.AmendingLoader):
            provideUtility(templates.AmendingLoader(loader), ITemplateLoader)
        provideAdapter(workflow.manager, (IMailingList,), ISubscriptionManager)
        provideUtility(EssayPendings(), IPendings)
        decorate = config.handlers['decorate']
        if not isinstance(decorate, Decoration):
            config.handlers['decorate'] = Decoration(decorate)
        for name in eml_join.NAMES:
            command = config.commands[name]
            if not isinstance(command, eml_join.Join):
                config.commands[name] = eml_join.Join(command)
        try:
            log.setLevel(site_settings().log_level.upper())
            schema.upgrade()
            lists.add_missing_archivers()
            if _reports():
                _look_around()
        except DlistError as error:
            if _reports():
                log.error('mailman-dlist cannot work: %s', error)
        except Exception:
            log.exception('mailman-dlist cannot work')

    @property
    def resource(self) -> Any:
        """See `IPlugin`.  The router writes into it: a new one each time."""
        return DlistRoot()
