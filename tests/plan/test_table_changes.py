"""What differs between two sets of tables, and what is no difference."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.plan.table_sets import (
    EDITS,
    FACTOR_ID,
    GLUCOSE_ID,
    MARK_ID,
    OBSERVATIONS,
    SITE_ROW_ID,
    STATUSES,
    Files,
    edited,
    replaced,
    texts,
    without,
    written,
)
from translator.mapping_files import packaged_files
from translator.plan.table_changes import TableChange, mixed, table_changes
from translator.translate.load import TableTexts, build_tables

ORDER = "acurable/order.toml"


def only(before: TableTexts, after: TableTexts) -> TableChange:
    """Give the one change."""
    (change,) = table_changes(before, after)
    return change


@pytest.mark.parametrize(
    ("edit", "name", "text"),
    [
        pytest.param(
            EDITS["hdl-bounds"], f"{OBSERVATIONS} http://loinc.org|2085-9", "max: 250 -> 50", id="cell"
        ),
        pytest.param(EDITS["no-glucose"], GLUCOSE_ID, "removed", id="row-taken-away"),
        pytest.param(EDITS["local-code"], SITE_ROW_ID, "added (same_as 2093-3)", id="row-of-the-site"),
        pytest.param(EDITS["factor"], FACTOR_ID, "factor: 38.665 -> 38.7", id="conversion"),
        pytest.param(EDITS["no-spelling"], "units/spellings.csv mmol/L", "removed", id="key-with-an-empty-cell"),
        pytest.param(
            lambda files, _: replaced(STATUSES, "hold,,status-missing", "hold,,status-undecided", files),
            f"{STATUSES} (blank)", "reason: status-missing -> status-undecided", id="row-of-the-empty-field",
        ),
        pytest.param(EDITS["comma"], MARK_ID, "(not set) -> ,", id="setting"),
        pytest.param(
            lambda _, site: written("site.toml", "complete_on_final = false\n", site),
            "sites/acme/site.toml complete_on_final", "true -> false", id="flag-that-is-kept-the-other-way-round",
        ),
        pytest.param(
            lambda _, site: written("site.toml", '[hl7v2]\nobservation_status = { R = "preliminary" }\n', site),
            "sites/acme/site.toml hl7v2.observation_status", '{} -> {"R":"preliminary"}', id="table-of-codes",
        ),
        pytest.param(
            lambda _, site: written("site.toml", '[hl7v2]\naccept_types = ["ORF^R04", "OUL^R22"]\n', site),
            "sites/acme/site.toml hl7v2.accept_types", "(not set) -> ORF^R04, OUL^R22", id="list",
        ),
        pytest.param(
            lambda _, site: written(ORDER, "layout_confirmed = true\n", site),
            f"{ORDER} confirmed", "false -> true", id="layout",
        ),
        pytest.param(
            lambda _, site: written(ORDER, 'phone_answers = ["Yes please", "OUI"]\n', site),
            f"{ORDER} phone_answers", None, id="set-in-the-layout",
        ),
    ],
)  # fmt: skip
def test_change_is_named_and_told(edit: Callable[[Files, Files], None], name: str, text: str | None) -> None:
    """Its name is file and key, without a line; its text says what was and what is."""
    change = only(texts(), edited(edit))

    assert change.id == name
    assert text is None or change.text == text


def test_change_says_where_it_stood_and_stands() -> None:
    """Lines differ where a row before was taken away."""
    before = edited(EDITS["hdl-bounds"])
    after = texts("no-glucose")

    change = next(each for each in table_changes(before, after) if each.key[-1] == "2085-9")

    line = next(
        number
        for number, row in enumerate(packaged_files()[OBSERVATIONS].decode().split("\n"), 1)
        if row.startswith("http://loinc.org,2085-9,")
    )
    assert change.before_at == f"{OBSERVATIONS}:{line}"
    assert change.after_at in {f"{OBSERVATIONS}:{line}", f"{OBSERVATIONS}:{line - 1}"}
    assert change.display == "Cholesterol in HDL [Mass/volume] in Serum or Plasma"


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(
            lambda files, _: replaced(OBSERVATIONS, "55 mg/dL,55 mg/dL", "56 mg/dL,56 mg/dL", files), id="example"
        ),
        pytest.param(lambda files, _: replaced(OBSERVATIONS, "WHOOP code suggested by us", "ours", files), id="source"),
        pytest.param(lambda files, _: replaced("reasons.csv", "no row", "no line", files), id="reason"),
        pytest.param(lambda _, site: written("site.toml", 'description = "Acme"\n', site), id="description"),
        pytest.param(
            lambda files, _: files.update({STATUSES: files[STATUSES].replace(b"\n", b"\r\n")}), id="line-ends"
        ),
    ],
)  # fmt: skip
def test_words_for_people_are_no_change(edit: Callable[[Files, Files], None]) -> None:
    """What nothing is decided by is not compared."""
    assert table_changes(texts(), edited(edit)) == ()


def test_row_that_moved_is_no_change() -> None:
    """A row says the same on another line."""

    def edit(files: Files, _: Files) -> None:
        head, first, *rest = files[OBSERVATIONS].decode().strip().split("\n")
        files[OBSERVATIONS] = "\n".join([head, *rest, first, ""]).encode()

    assert table_changes(texts(), edited(edit)) == ()


@pytest.mark.parametrize(
    ("edit", "acts_later"),
    [
        pytest.param(lambda files, _: without("whoop/responses.csv", "201", files), True, id="response"),
        pytest.param(lambda _, site: written("site.toml", '[hl7v2]\nsenders = ["LIS"]\n', site), True, id="senders"),
        pytest.param(EDITS["factor"], False, id="conversion"),
    ],
)  # fmt: skip
def test_change_that_works_on_delivery_says_so(edit: Callable[[Files, Files], None], acts_later: bool) -> None:  # noqa: FBT001 - a case
    """No archive shows what such a change does."""
    assert only(texts(), edited(edit)).acts_later == acts_later


def test_long_cell_is_cut_and_told_from_others() -> None:
    """Two long texts that begin alike are not the same change."""

    def said(ending: str) -> str:
        text = "a spelling that nobody would ever write for this answer and still another one " + ending
        return only(
            texts(), edited(lambda files, _: replaced("whoop/coded-values.csv", "A+|A POS|", f"A+|{text}|", files))
        ).text

    assert said("one") != said("two")
    assert len(said("one")) < 200


def test_body_of_an_order_is_a_change_of_its_own() -> None:
    """Each kind of body is compared, and mixed, by itself."""

    def edit(_: Files, site: Files) -> None:
        written(ORDER, '[body.study-cancel]\nreference = "{reference}"\nwhy = "cancelled"\n', site)

    before, after = texts(), edited(edit)
    change = only(before, after)

    assert change.id == f"{ORDER} body.study-cancel"
    assert mixed(before, after, [change]).layout.bodies == after.layout.bodies
    assert mixed(after, before, [change]).layout.bodies == before.layout.bodies


@pytest.mark.parametrize(
    "names", [pytest.param((name,), id=name) for name in EDITS] + [pytest.param(tuple(EDITS), id="all")]
)
def test_mixing_everything_in_gives_the_other_set(names: tuple[str, ...]) -> None:
    """A set with all changes as in the other says what the other says."""
    before, after = texts(), texts(*names)

    forth = mixed(before, after, table_changes(before, after))
    back = mixed(after, before, table_changes(before, after))

    assert table_changes(forth, after) == table_changes(back, before) == ()
    assert build_tables(forth).observations.keys() == build_tables(after).observations.keys()


def test_row_that_is_put_back_stands_behind_its_parent() -> None:
    """A site's row that names another row of the site stands where that is known already."""
    rows = "system,code,same_as,whoop_code,kind\n{0}http://loinc.org,1-8,,GLUCOSE,text\nL,ZZ9,1-8,,\n"
    before = edited(lambda _, site: written(OBSERVATIONS, rows.format(""), site))
    after = edited(lambda _, site: written(OBSERVATIONS, rows.format("").replace("L,ZZ9,1-8,,\n", ""), site))

    tables = build_tables(mixed(after, before, table_changes(before, after)))

    assert tables.observations["L", "ZZ9"].kind == "text"


def test_placeholders_are_compared_without_regard_to_case() -> None:
    """The table's keys are folded, and so are the names of its changes."""

    def spelled(text: str) -> TableTexts:
        return edited(lambda _, site: written("placeholders.csv", f"text,reason\n{text},not-obtained\n", site))

    assert table_changes(spelled("NO TUBE"), spelled("no tube")) == ()
