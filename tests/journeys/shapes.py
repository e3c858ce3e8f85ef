# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail in all its shapes: what stands below the address fields of a message."""

from __future__ import annotations


ALTERNATIVE = """\
Content-Type: multipart/alternative; boundary="b"

--b
Content-Type: text/plain; charset="us-ascii"

Hello, ants!
--b
Content-Type: text/html; charset="us-ascii"

<p>Hello, <b>ants!</b></p>
--b--
"""

MIXED = """\
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain; charset="us-ascii"

Hello, ants!
--b
Content-Type: text/plain; charset="us-ascii"; name="cheese.txt"
Content-Disposition: attachment; filename="cheese.txt"

Cheese, bread.
--b--
"""

# Blanks at the end of a line and a line of dashes: a signature counts them all.
SIGNED_PART = """\
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

Hello, ants!=20
--=20
Anne
"""

SIGNED = f"""\
Content-Type: multipart/signed; micalg="pgp-sha256";
\tprotocol="application/pgp-signature"; boundary="b"

--b
{SIGNED_PART}
--b
Content-Type: application/pgp-signature; name="signature.asc"

-----BEGIN PGP SIGNATURE-----

iQEzBAEBCAAdFiEE
-----END PGP SIGNATURE-----
--b--
"""

# By name; all of them say hello to the ants.
SHAPES = {
    'text': 'Content-Type: text/plain; charset="us-ascii"\n\nHello, ants!\n',
    'untyped': '\nHello, ants!\n',
    'eight-bit': (
        'Content-Type: text/plain; charset="utf-8"\n'
        'Content-Transfer-Encoding: 8bit\n\nHello, ants! Grüße.\n'
    ),
    'base64': (
        'Content-Type: text/plain; charset="utf-8"\n'
        'Content-Transfer-Encoding: base64\n\n'
        'SGVsbG8sIGFudHMhIEdyw7zDn2UuCg==\n'
    ),
    'quoted-printable': (
        'Content-Type: text/plain; charset="iso-8859-1"\n'
        'Content-Transfer-Encoding: quoted-printable\n\n'
        'Hello, ants! Gr=FC=DFe.\n'
    ),
    'flowed': (
        'Content-Type: text/plain; charset="us-ascii"; format="flowed"; delsp="yes"\n\n'
        'Hello, ants! \nAnd hello again.\n'
    ),
    'alternative': ALTERNATIVE,
    'mixed': MIXED,
    'html': 'Content-Type: text/html; charset="utf-8"\n\n<p>Hello, ants!</p>\n',
    'signed': SIGNED,
}
