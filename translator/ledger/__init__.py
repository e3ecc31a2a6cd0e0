"""The durable account of every message, entry, submission and attempt; the only folder with SQL."""

from __future__ import annotations

from translator.ledger.acceptance import Arrival
from translator.ledger.audit import LedgerFinding
from translator.ledger.balance import Balance
from translator.ledger.lanes import Claim, Settlement
from translator.ledger.ledger import Ledger
from translator.ledger.policy import DestinationPolicy
from translator.ledger.views import MessageRow, MessageView

__all__ = [
    "Arrival",
    "Balance",
    "Claim",
    "DestinationPolicy",
    "Ledger",
    "LedgerFinding",
    "MessageRow",
    "MessageView",
    "Settlement",
]
