# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin's catalogue of translations, in addition to Mailman's."""

from __future__ import annotations

from flufl.i18n import PackageStrategy, registry

import mailman_dlist.messages


# It has its own stack of languages, independent of Mailman's.
_ = registry.register(PackageStrategy('dlist', mailman_dlist.messages))._
