"""The durable account of every message, entry, submission and attempt; the only folder with SQL."""

from __future__ import annotations

from translator.ledger.access import Access, Deed
from translator.ledger.access_tables import OPERATOR, ROLES, VIEWER
from translator.ledger.accounts import SHORTEST_PASSWORD, Account
from translator.ledger.advance import Advanced, Step
from translator.ledger.ageing import Ageing, Notices
from translator.ledger.audit import LedgerFinding
from translator.ledger.balance import Balance
from translator.ledger.bell import Bell
from translator.ledger.browsing import Browsing, LaneRow, LaneStep, LaneView
from translator.ledger.budget import UNLIMITED, RateBudget, RateUse
from translator.ledger.cluster import Cluster
from translator.ledger.cluster_hosts import Card, CommonClock, Host, differences
from translator.ledger.correlations import Correlations
from translator.ledger.decisions import Decision
from translator.ledger.desk import Desk, DeskSession, Kept
from translator.ledger.destinations import EVERY, PERSON, VENDOR, Standing
from translator.ledger.event_tables import DONE, FAILED, NOTED, WAITING
from translator.ledger.events import EventArrival, EventRow
from translator.ledger.fates import Fate, SentFate, VersionFate
from translator.ledger.following import Follow, FollowedState, Following
from translator.ledger.held import HeldCause, HeldItem, Version, by_cause, live_versions
from translator.ledger.intakes import Prior
from translator.ledger.lab_deliveries import DELIVERED, ORDER, REPORT, LabDelivery, LabThing
from translator.ledger.lanes import Claim, Later, Settlement
from translator.ledger.ledger import Ledger
from translator.ledger.lock import Hold
from translator.ledger.lost_attempts import KILLED, Lost
from translator.ledger.message_rows import Arrival
from translator.ledger.meters import Marks, Meters, Passed, Tally, Waiting
from translator.ledger.orders import OrderCall, OrderView
from translator.ledger.overruling import AS_CORRECTED, PATIENT
from translator.ledger.policy import DestinationPolicy
from translator.ledger.progress import Progress
from translator.ledger.progress_shapes import LaneProgress, MessageProgress, SubmissionProgress
from translator.ledger.refile import CannotRefileError, Choice, Refiled
from translator.ledger.requisitions import RequestedRow, RequisitionRow
from translator.ledger.tokens import SCOPES, Token
from translator.ledger.trace_contexts import TracedClaim
from translator.ledger.twins import HELD_BEFORE
from translator.ledger.undecided import UndecidedItem
from translator.ledger.view_shapes import (
    AttemptView,
    DecisionView,
    EntryView,
    MessageRow,
    MessageView,
    StatusView,
    SubmissionView,
)

__all__ = [
    "AS_CORRECTED",
    "DELIVERED",
    "DONE",
    "EVERY",
    "FAILED",
    "HELD_BEFORE",
    "KILLED",
    "NOTED",
    "OPERATOR",
    "ORDER",
    "PATIENT",
    "PERSON",
    "REPORT",
    "ROLES",
    "SCOPES",
    "SHORTEST_PASSWORD",
    "UNLIMITED",
    "VENDOR",
    "VIEWER",
    "WAITING",
    "Access",
    "Account",
    "Advanced",
    "Ageing",
    "Arrival",
    "AttemptView",
    "Balance",
    "Bell",
    "Browsing",
    "CannotRefileError",
    "Card",
    "Choice",
    "Claim",
    "Cluster",
    "CommonClock",
    "Correlations",
    "Decision",
    "DecisionView",
    "Deed",
    "Desk",
    "DeskSession",
    "DestinationPolicy",
    "EntryView",
    "EventArrival",
    "EventRow",
    "Fate",
    "Follow",
    "FollowedState",
    "Following",
    "HeldCause",
    "HeldItem",
    "Hold",
    "Host",
    "Kept",
    "LabDelivery",
    "LabThing",
    "LaneProgress",
    "LaneRow",
    "LaneStep",
    "LaneView",
    "Later",
    "Ledger",
    "LedgerFinding",
    "Lost",
    "Marks",
    "MessageProgress",
    "MessageRow",
    "MessageView",
    "Meters",
    "Notices",
    "OrderCall",
    "OrderView",
    "Passed",
    "Prior",
    "Progress",
    "RateBudget",
    "RateUse",
    "Refiled",
    "RequestedRow",
    "RequisitionRow",
    "SentFate",
    "Settlement",
    "Standing",
    "StatusView",
    "Step",
    "SubmissionProgress",
    "SubmissionView",
    "Tally",
    "Token",
    "TracedClaim",
    "UndecidedItem",
    "Version",
    "VersionFate",
    "Waiting",
    "by_cause",
    "differences",
    "live_versions",
]
