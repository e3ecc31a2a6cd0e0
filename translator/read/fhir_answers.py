"""
Read the answers that stand beside a ServiceRequest: Observations and QuestionnaireResponses that it names.

What was never answered so (entered in error, not to be had, not finished) is no answer.

Source: FHIR R4 ServiceRequest.supportingInfo, QuestionnaireResponse; R5 ServiceRequest.supportingInfo.reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from translator.read.fhir_bundle import Document, Resource
from translator.read.fhir_json import Node, obj, objects, text
from translator.read.fhir_value import codings
from translator.record.order import Answer
from translator.record.values import Coding

_OBSERVATION, _RESPONSE = "Observation", "QuestionnaireResponse"
_TAKEN_BACK = frozenset({"entered-in-error", "cancelled"})
_FINISHED = frozenset({"completed", "amended"})


def supporting(document: Document, request: Resource) -> Iterator[Resource]:
    """Give the observations and responses that a request names."""
    for _, item in objects(request.node, "supportingInfo"):
        # In R5 the reference is within a CodeableReference.
        found = document.resolve(obj(item, "reference") or item, request)
        if found is not None and found.type in {_OBSERVATION, _RESPONSE}:
            yield found


def answers(resource: Resource, systems: Mapping[str, str]) -> Iterator[Answer]:
    """Give what a supporting resource answers."""
    node, status = resource.node, text(resource.node, "status")
    if resource.type == _RESPONSE and status in _FINISHED:
        yield from _items(resource.at, node)
    elif resource.type == _OBSERVATION and status not in _TAKEN_BACK:
        yield Answer(codings(obj(node, "code"), systems), _said(node), resource.at)


def _items(at: str, node: Node) -> Iterator[Answer]:
    """Walk the items of a response at any depth: a question is known by its linkId."""
    waiting = [(at, node)]
    while waiting:
        place, holder = waiting.pop(0)
        for number, item in objects(holder, "item"):
            here = f"{place}.item[{number}]"
            waiting.append((here, item))
            for count, answer in objects(item, "answer"):
                there = f"{here}.answer[{count}]"
                waiting.append((there, answer))
                if question := text(item, "linkId"):
                    yield Answer((Coding("", question, text(item, "text")),), _said(answer), there)


def _said(node: Node) -> str:
    """Give the answer as a word: a code before its text."""
    flag = node.get("valueBoolean")
    if isinstance(flag, bool):
        return str(flag).lower()
    concept = obj(node, "valueCodeableConcept")
    code = next((coding.code for coding in codings(concept, {})), "") or text(concept, "text")
    coding = obj(node, "valueCoding")
    return code or text(coding, "code") or text(coding, "display") or text(node, "valueString")
