"""
Compare the names that laboratories give to codes with the names of rows: word by word, in any order.

A word that tells one analyte from another, such as `urine`, `free` or `antibody`, speaks against a row without it,
however alike the rest of the name is: `Calcium, ionized` is not calcium.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct
from rapidfuzz import fuzz, process

from translator.record.values import Coding
from translator.translate.tables import ObservationRow

LIKE, SAME = 72, 97
"""From here on, of a hundred, a name is like another, or the same."""

_EQUAL, _TYPING_ERROR, _SHORTEST_TYPED = 100, 85, 5
_WORD = re.compile(r"[^\W_]+")
# What laboratories write, in the words of LOINC's names and of our codes.
_SHORT = {
    "a1c": "hemoglobin a1c", "ab": "antibody", "abs": "antibody", "alb": "albumin", "alkp": "alkaline phosphatase",
    "alp": "alkaline phosphatase", "alt": "alanine aminotransferase", "antibodies": "antibody",
    "ast": "aspartate aminotransferase", "b12": "vitamin b12", "baso": "basophil", "basos": "basophil",
    "bili": "bilirubin", "bun": "urea nitrogen", "ca": "calcium", "cal": "calculation", "calc": "calculation",
    "calculated": "calculation", "chol": "cholesterol", "cholesterin": "cholesterol", "cl": "chloride",
    "cr": "creatinine", "crea": "creatinine", "creat": "creatinine", "crp": "c reactive protein", "eisen": "iron",
    "eos": "eosinophil", "erythrozyten": "erythrocyte", "fe": "iron", "fer": "ferritin", "ferr": "ferritin",
    "ft3": "triiodothyronine free", "ft4": "thyroxine free", "gesamt": "total", "glu": "glucose", "gluc": "glucose",
    "glukos": "glucose", "glukose": "glucose", "grouping": "group", "harns\u00e4ure": "urate", "harnstoff": "urea",
    "hba1c": "hemoglobin a1c", "hct": "hematocrit", "hgb": "hemoglobin", "hs": "high sensitivity",
    "hscrp": "high sensitivity c reactive protein", "h\u00e4moglobin": "hemoglobin", "i": "1", "k": "potassium",
    "kalium": "potassium", "kreatinin": "creatinine", "ld": "lactate dehydrogenase", "ldh": "lactate dehydrogenase",
    "leukozyten": "leukocyte", "lym": "lymphocyte", "lymph": "lymphocyte", "lymphs": "lymphocyte", "mg": "magnesium",
    "mono": "monocyte", "monos": "monocyte", "na": "sodium", "natrium": "sodium", "neut": "neutrophil",
    "neuts": "neutrophil", "phos": "phosphate", "phosphorus": "phosphate", "plt": "platelet", "rbc": "erythrocyte",
    "sgot": "aspartate aminotransferase", "sgpt": "alanine aminotransferase", "t3": "triiodothyronine t3",
    "t4": "thyroxine t4", "tbil": "bilirubin total", "thrombozyten": "platelet", "tp": "protein total",
    "trig": "triglyceride", "tsh": "thyrotropin", "u": "urine", "ua": "urate", "ur": "urine", "urin": "urine",
    "urinary": "urine", "vitd": "vitamin d", "wbc": "leukocyte",
}  # fmt: skip
_PHRASES = {
    "white blood cell": "leukocyte", "red blood cell": "erythrocyte", "white cell": "leukocyte",
    "a/g": "albumin globulin", "c-reactive protein, cardiac": "high sensitivity c reactive protein",
    "dhea-sulfate": "dhea s", "dhea sulfate": "dhea s", "dihydroxy": "dioh", "folic acid": "folate",
    "gamma gt": "gamma glutamyl transferase", "gamma-gt": "gamma glutamyl transferase",
    "homocyst(e)ine": "homocysteine", "hydroxyvitamin": "oh vitamin", "hydroxy": "oh",
    "thyroid peroxidase": "thyroperoxidase", "uric acid": "urate",
}  # fmt: skip
# Words that say how or in what something was measured, and not what.
_BESIDE_THE_POINT = frozenset({"calculation", "count", "direct", "level", "plasma", "serum", "test"})
_METHODS = frozenset({"calculation", "direct"})
# Words of many names, which lead nowhere and tell nothing.
_COMMON = _BESIDE_THE_POINT | {
    "and",
    "assay",
    "blood",
    "by",
    "in",
    "mass",
    "of",
    "or",
    "total",
    "volume",
    "with",
    "sq",
    "m",
}
# A sample, a moment or a part of something: with it, a name means something else. As `folded` writes them.
_TELLING = frozenset(
    {
        *("urine", "csf", "cerebrospinal", "saliva", "salivary", "stool", "fecal", "fece", "fluid"),
        *("semen", "seminal", "sweat", "hair", "sputum", "amniotic", "synovial", "pleural", "dialysate", "cord"),
        *("random", "spot", "hr", "hour", "post", "postprandial", "pp", "fasting", "absolute", "percent", "corrected"),
        *("adjusted", "ionized", "ionised", "indirect", "unconjugated", "bioavailable", "free", "active", "reverse"),
        *("antibody", "antigen", "clearance", "uptake", "index", "ratio", "bone", "isenzyme", "fraction", "receptor"),
        *("soluble", "dioh", "excretion", "challenge", "tolerance", "erythrocyte", "leukocyte", "sulfate", "sulphate"),
        *("immature", "particle", "arterial", "co", "o2", "oxygen"),
    }
)
# What a name may say of where it was measured; the words of rows are often meant for all of them.
_SAMPLES = frozenset({"blood", "plasma", "serum"})
# Before a name these stand for serum, plasma and blood.
_PREFIXES = frozenset("spb")


class _Offered(NamedTuple):
    """A name under which a code comes; a code that is a word is one, if it is the very same word."""

    text: str
    is_code: bool


class _RowNames(Struct, frozen=True):
    """The names of a row in one spelling, every word of them, and the words that lead to it."""

    names: tuple[str, ...]
    words: frozenset[str]
    leading: frozenset[str]


class Likeness(NamedTuple):
    """
    How much a name is like those of a row, of a hundred.

    Shape: `telling` are words of another thing, `method` one of the method or the sample, that the row does not have;
    `own_method` is one that the row has and the name does not.
    """

    share: int = 0
    name: str = ""
    telling: tuple[str, ...] = ()
    method: str = ""
    own_method: str = ""


class Names:
    """The names of all rows."""

    def __init__(self, rows: Iterable[ObservationRow]) -> None:
        self._rows = {row.code: _names_of(row) for row in rows}
        self._led: dict[str, list[str]] = {}
        for code, names in self._rows.items():
            for word in names.leading:
                self._led.setdefault(word, []).append(code)
        self._vocabulary = sorted(self._led)
        self._leading: dict[str, frozenset[str]] = {}

    def near(self, codes: Iterable[Coding]) -> dict[str, Likeness]:
        """Give the rows that are like a name under which a code comes, by their codes, each with the best likeness."""
        found: dict[str, Likeness] = {}
        for offered in _offered(codes):
            led = {code for word in folded(offered.text)[1] for each in self._leads(word) for code in self._led[each]}
            for code in led:
                alike = self._compare(offered, self._rows[code])
                if alike.share:
                    found[code] = max(alike, found.get(code, alike))
        return found

    def _compare(self, offered: _Offered, row: _RowNames) -> Likeness:
        own, words = folded(offered.text)
        share = max(int(_compared(own, other)) for other in row.names)
        if share < (SAME if offered.is_code else LIKE):
            return Likeness()
        others = [] if share == _EQUAL else [(at, word) for at, word in enumerate(words) if word not in row.words]
        telling = tuple(word for at, word in others if self._tells(at, word, words))
        method = next((word for word in words if word not in row.words and _is_of_method(word, row)), "")
        own_method = next(iter(sorted(row.words & _METHODS - {*words})), "")
        return Likeness(share, offered.text, telling, method, own_method)

    def _leads(self, word: str) -> frozenset[str]:
        """Find the words of our names that a word may be, one typing error in some letters left aside."""
        found = self._leading.get(word)
        if found is None:
            cutoff = _TYPING_ERROR if len(word) >= _SHORTEST_TYPED else 100
            alike = process.extract(word, self._vocabulary, scorer=fuzz.ratio, score_cutoff=cutoff, limit=None)
            found = self._leading[word] = frozenset(each for each, *_ in alike)
        return found

    def _tells(self, at: int, word: str, words: Sequence[str]) -> bool:
        if word in _TELLING or (word not in _COMMON and word in self._leads(word)):
            return True
        if word.isdigit():
            return not {"am", "pm"} & {*words}
        return (len(word) == 1 and not (at == 0 and word in _PREFIXES)) or not word.isalpha()


def _is_of_method(word: str, row: _RowNames) -> bool:
    """Tell a word that says how, or in which sample, something was measured, and that the row should have then."""
    return word in _METHODS or (word in _SAMPLES and bool(_SAMPLES & row.words))


def _offered(codes: Iterable[Coding]) -> list[_Offered]:
    """Give every name under which a code comes: its texts, and the code where it is a word."""
    found = [
        _Offered(text, is_code=is_code)
        for coding in codes
        for text, is_code in ((coding.text, False), (coding.code, True))
    ]
    return list(dict.fromkeys(one for one in found if any(map(str.isalpha, one.text))))


def _names_of(row: ObservationRow) -> _RowNames:
    component = row.display.split("[", 1)[0].split(" in Serum", 1)[0].split(" in Blood", 1)[0].split(" by ", 1)[0]
    names = [folded(text) for text in (row.whoop_code, component, row.display) if text]
    # The parts of a sum are something else than the sum.
    leading = names[:1] if "+" in component else names[:2]
    telling = [*leading, folded(row.display.removeprefix(component))]
    return _RowNames(
        tuple(dict.fromkeys(name for name, _ in names if name)),
        frozenset(word for _, words in telling for word in words),
        frozenset(word for _, words in leading for word in words) - _COMMON,
    )


def _compared(one: str, other: str) -> float:
    return (fuzz.token_set_ratio(one, other) + 2 * fuzz.token_sort_ratio(one, other)) / 3


@lru_cache(maxsize=4096)
def folded(name: str) -> tuple[str, tuple[str, ...]]:
    """Write a name in words, as LOINC has them, and in one spelling of English; gives it, and every word."""
    text = name.casefold().replace("ae", "e").replace("oe", "e").replace("leuc", "leuk")
    for phrase, word in _PHRASES.items():
        text = text.replace(f"{phrase}s", f" {word} ").replace(phrase, f" {word} ")
    words = [word for each in _WORD.findall(text) for word in _SHORT.get(each, _singular(each)).split()]
    return " ".join([word for word in words if word not in _BESIDE_THE_POINT] or words), (*dict.fromkeys(words),)


def _singular(word: str) -> str:
    has_ending = len(word) >= _SHORTEST_TYPED and word.endswith("s") and not word.endswith(("ss", "us", "is"))
    return word[:-1] if has_ending else word
