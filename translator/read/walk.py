"""
Walk the segments of a result message by a small state machine: which OBX is a result, and of which order.

OBX stands in five places of ORU^R01; only those after OBR and before SPM or DEV are results. The walk follows the
segments as they come, not a version's schema, since senders mix versions.

Source: HL7 v2.9 7.3.1 (ORU^R01), 7.3.7 to 7.3.9 (OUL^R22 to R24), 4.5.1 (ORC), 4.5.3 (OBR).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

from translator.read.continuation import CONTINUED
from translator.read.er7 import NULL
from translator.read.obx import Standing
from translator.read.order_group import OrderGroup, Surroundings
from translator.record.report import Finding, Observation

# Lines that stand alike, the number of OBX before them, and how they stand.
ReadRun: TypeAlias = Callable[[Sequence[str], int, Standing], list[Observation]]
# A method of the walk, with the fields of the segment that calls for it.
Step: TypeAlias = Callable[[Any, list[str]], None]

_OUTSIDE: Standing = ("not-a-result-position", ())


class Walk:
    """
    Where the walk stands: what the next OBX is, and what the next OBR stands under.

    Shape: `standing` says of an OBR what the OBX behind it are; `layout` is the message type, such as `OUL^R22`, that
    says in which order segments come.
    """

    def __init__(
        self, read: ReadRun, standing: Callable[[list[str]], Standing], layout: str, *, notes: bool = False
    ) -> None:
        self.groups: list[OrderGroup] = []
        self.orphans: list[Observation] = []
        self.held: list[Finding] = []
        self._read = read
        self._standing = standing
        self._around = Surroundings()
        self._target = self.orphans
        self._stands = _OUTSIDE
        self._count = 0
        # Every segment that has a name in positions, and whether there may be a second of a kind.
        self._named: list[list[str]] = []
        self._again = False
        self._steps = self._layouts.get(layout, self._usual)
        if notes:
            self._steps = {**self._steps, "NTE": Walk._note}

    def over(self, segments: Sequence[str], separator: str) -> None:
        """Walk the segments once, in order."""
        steps = self._steps
        run: list[str] = []
        for segment in segments:
            name = segment[:3]
            if name == "OBX":
                run.append(segment)
            elif name in steps:
                if run:
                    self._close(run)
                    run = []
                steps[name](self, segment.split(separator))
        if run:
            self._close(run)
        if self._again or len(self.groups) > 1:
            self._number()

    def _close(self, run: Sequence[str]) -> None:
        """Read the OBX since the last step: they all stand alike."""
        self._target += self._read(run, self._count, self._stands)
        self._count += len(run)

    def _number(self) -> None:
        """Name segments by their number where they are not the first of their kind, as positions do: `ORC[2]`."""
        seen: dict[str, int] = {}
        for fields in self._named:
            name = fields[0]
            seen[name] = seen.get(name, 0) + 1
            if seen[name] > 1:
                fields[0] = f"{name}[{seen[name]}]"

    def _leave(self) -> None:
        self._target = self.orphans
        self._stands = _OUTSIDE

    def _patient(self, fields: list[str]) -> None:
        """Nothing that was said of an earlier patient's orders holds for this one's."""
        self._named.append(fields)
        self._again = len(self._named) > 1
        self._around = Surroundings(pid=fields)
        self._leave()

    def _visit(self, fields: list[str]) -> None:
        self._named.append(fields)
        self._again = self._again or bool(self._around.pv1)
        self._around.pv1 = fields

    def _control(self, fields: list[str]) -> None:
        self._named.append(fields)
        self._again = self._again or bool(self._around.orc)
        self._around.orc, self._around.fresh = fields, True
        self._leave()

    def _control_behind(self, fields: list[str]) -> None:
        """Give ORC to the OBR before it; any other ORC cannot be told whose it is."""
        group = self.groups[-1] if self.groups else None
        self._named.append(fields)
        if group is None or group.orc or group.observations or self._target is not group.observations:
            text = "this message type has ORC directly behind its OBR"
            self._again = True
            number = sum(each[0] == fields[0] for each in self._named)
            self.held.append(Finding("order-control-misplaced", f"ORC[{number}]" if number > 1 else "ORC", text))
            self._leave()
        else:
            group.orc, group.fresh = fields, True

    def _order(self, fields: list[str]) -> None:
        around = self._around
        specimens = [*around.spm]
        number = len(self.groups) + 1
        group = OrderGroup(number, fields, around.pid, around.pv1, around.orc, specimens, around.fresh, [])
        self.groups.append(group)
        around.fresh = False
        self._target = group.observations
        self._stands = self._standing(fields)

    def _specimen(self, fields: list[str]) -> None:
        self._named.append(fields)
        if self._target is self.orphans:
            self._again = True
        else:
            spm = self.groups[-1].spm
            self._again = self._again or bool(spm)
            spm.append(fields)
        self._stands = _OUTSIDE

    def _specimen_before(self, fields: list[str]) -> None:
        self._named.append(fields)
        self._again = self._again or bool(self._around.spm)
        self._around.spm = [fields]
        self._leave()

    def _note(self, fields: list[str]) -> None:
        """Notes directly behind OBR speak of the order; those behind an OBX are never read."""
        self._named.append(fields)
        self._again = True
        group = self.groups[-1] if self.groups else None
        if group is not None and not group.observations and self._target is group.observations:
            group.notes.append(fields)

    def _container(self, _: list[str]) -> None:
        """The container ends what describes the specimen; what follows it are results again."""
        if self._target is not self.orphans:
            self._stands = self._standing(self.groups[-1].obr)

    def _device(self, _: list[str]) -> None:
        self._stands = _OUTSIDE

    def _continued(self, fields: list[str]) -> None:
        """A DSC without a pointer says that nothing more comes."""
        if fields[1:2] and fields[1].strip() not in {"", NULL}:
            self.held.append(Finding(CONTINUED, "DSC", "the message continues in another one (DSC)"))

    # Which step each segment is; in some layouts ORC follows its OBR, and in some the specimen precedes its orders.
    _usual: ClassVar[Mapping[str, Step]] = {
        "OBR": _order,
        "ORC": _control,
        "PID": _patient,
        "PV1": _visit,
        "SPM": _specimen,
        "DEV": _device,
        "DSC": _continued,
    }
    _behind: ClassVar[Mapping[str, Step]] = {**_usual, "ORC": _control_behind}
    _layouts: ClassVar[Mapping[str, Mapping[str, Step]]] = {
        "OUL^R22": {**_behind, "SPM": _specimen_before},
        "OUL^R23": {**_behind, "SPM": _specimen_before},
        "OUL^R24": {**_behind, "SAC": _container},
    }
