"""Cancel an order: take it back where it was never sent, else queue what tells the vendor."""

from __future__ import annotations

from translator.config import Settings
from translator.engine import Translator
from translator.errors import ConfigError
from translator.ledger import Decision, Ledger, OrderView
from translator.record.outcome import OrderPayload


def cancel_order(ledger: Ledger, settings: Settings, order: OrderView, decision: Decision, *, rehearses: bool) -> bool:
    """
    Cancel an order; gives True where it was never sent, so that nobody has to be told.

    Shape: where it `rehearses`, nothing is changed.
    Raises: LedgerError where it cannot be cancelled; ConfigError where nobody confirmed how.
    """
    with ledger.desk().session(rehearses=rehearses) as session:
        is_withdrawn = session.withdraw_order(order.reference, decision)
        if not is_withdrawn:
            session.cancel_order(order.reference, _cancellation(settings, order), decision)
    return is_withdrawn


def _cancellation(settings: Settings, order: OrderView) -> OrderPayload:
    """
    Write the body that cancels.

    Raises: ConfigError where nobody confirmed how, or the layout asks for more than the reference.
    """
    layout = Translator.load(settings.site or None).tables.order_layout
    kind = "study-cancel" if order.calls[0].kind == "study" else "order-cancel"
    if not layout.confirmed:
        raise ConfigError(
            "layout-unconfirmed: how Acurable wants a cancellation is not public; compare acurable/order.toml with "
            "your contract and set layout_confirmed (`translator explain layout-unconfirmed`)"
        )
    if set(layout.needs(kind)) - {"reference"}:
        raise ConfigError(
            f"acurable/order.toml: body.{kind} asks for more than the reference; have the sender cancel it (CA)"
        )
    return OrderPayload(layout.fill(kind, {"reference": order.reference}))
