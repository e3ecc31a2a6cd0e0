"""The durable account of every message, entry, submission and attempt; the only folder with SQL."""

from __future__ import annotations

from translator.ledger.acceptance import Arrival
from translator.ledger.advance import Advanced, Step
from translator.ledger.audit import LedgerFinding
from translator.ledger.balance import Balance
from translator.ledger.bell import Bell
from translator.ledger.budget import UNLIMITED, RateBudget, RateUse
from translator.ledger.destinations import EVERY, PERSON, VENDOR, Standing
from translator.ledger.lanes import Claim, Later, Settlement
from translator.ledger.ledger import Ledger
from translator.ledger.policy import DestinationPolicy
from translator.ledger.views import MessageRow, MessageView

__all__ = [
    "EVERY",
    "PERSON",
    "UNLIMITED",
    "VENDOR",
    "Advanced",
    "Arrival",
    "Balance",
    "Bell",
    "Claim",
    "DestinationPolicy",
    "Later",
    "Ledger",
    "LedgerFinding",
    "MessageRow",
    "MessageView",
    "RateBudget",
    "RateUse",
    "Settlement",
    "Standing",
    "Step",
]
