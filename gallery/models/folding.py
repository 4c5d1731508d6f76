"""Words without accents, the same in PostgreSQL and in Python: "Café Ångström" is "cafe angstrom"."""

from __future__ import annotations

import unicodedata

from django.db.models import Func, TextField, Value
from django.db.models.functions import Coalesce

# What accents become when letters are taken apart (Unicode's form NFKD).
FIRST_MARK, LAST_MARK = "\u0300", "\u036f"
# Letters that stay whole, with what is typed in their place.
WHOLE = {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ħ": "h", "Ħ": "H", "ı": "i"}


def folded(text: str) -> str:
    """A text without accents; upper and lower case stay.

    Examples
    --------
    >>> folded("Łódź, Müller, Ångström")
    'Lodz, Muller, Angstrom'
    """
    apart = unicodedata.normalize("NFKD", text)
    return "".join(WHOLE.get(letter, letter) for letter in apart if not FIRST_MARK <= letter <= LAST_MARK)


class Folded(Func):
    """A text column as `folded` makes it.

    Without the extension `unaccent`: that is not on every server, and generated columns may not use it.
    """

    function = "normalize"
    template = (
        "translate(regexp_replace(%(function)s(%(expressions)s, NFKD),"
        f" '[{FIRST_MARK}-{LAST_MARK}]', '', 'g'), '{''.join(WHOLE)}', '{''.join(WHOLE.values())}')"
    )
    output_field = TextField()

    def __init__(self, column: str) -> None:
        super().__init__(Coalesce(column, Value(""), output_field=TextField()))
