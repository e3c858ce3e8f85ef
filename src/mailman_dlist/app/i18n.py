# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin's catalogue of translations, beside Mailman's."""

from __future__ import annotations

from flufl.i18n import PackageStrategy, registry

import mailman_dlist.messages


# It has a stack of languages of its own: Mailman's does not count for it.
_ = registry.register(PackageStrategy('dlist', mailman_dlist.messages))._
