"""Check what comes in: ports that are free or ours, folders in which files can be renamed, certificates that hold."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from translator.accept.folder import FAILED
from translator.accept.mllp_tls import tls_of
from translator.config import Settings
from translator.config_checks import is_loopback
from translator.config_intakes import MllpIntake, host_and_port
from translator.doctor.diagnosis import FAIL, OK, WARN, Diagnosis, Examined
from translator.doctor.ledgers import is_usable
from translator.errors import ConfigError
from translator.ledger import Ledger
from translator.web.health import LIVE_PATH

SOON = timedelta(days=30)
_ALIVE_S = 2.0


def ports(examined: Examined) -> Iterator[Diagnosis]:
    """Check that each address can be had, or is had by a translator."""
    examined.began("ports")
    settings = examined.settings
    yield _port("listen", settings.listen, settings, is_http=True)
    if settings.console.listen:
        yield _port("console.listen", settings.console.listen, settings, is_http=True)
    for one in settings.mllp:
        yield _port("mllp.listen", one.listen, settings, is_http=False)


def folders(examined: Examined) -> Iterator[Diagnosis]:
    """Check that files can be claimed in each watched folder, and see whether any has failed."""
    for number, one in enumerate(examined.settings.folders, 1):
        name, folder = f"folder {number}", Path(one.path)
        try:
            _rename(folder)
            failed = folder / FAILED
            left = sum(1 for each in failed.iterdir() if each.is_file()) if failed.is_dir() else 0
        except OSError as error:
            yield Diagnosis(name, FAIL, f"{folder}: no file can be renamed in it: {error.strerror}", "check its rights")
            continue
        if left:
            yield Diagnosis(name, WARN, f"{folder}: {left} files in {FAILED}/", "each has its reason beside it")
        else:
            yield Diagnosis(name, OK, f"{folder}: files can be claimed")


def certificates(examined: Examined) -> Iterator[Diagnosis]:
    """Check that the certificates of MLLP ports fit their keys, and how long they hold."""
    now = datetime.fromtimestamp(examined.clock(), UTC)
    for one in examined.settings.mllp:
        if one.certificate or one.client_ca or one.private_key:
            yield _tls(one)
        for key, path in (("certificate", one.certificate), ("client_ca", one.client_ca)):
            if path:
                yield _certificate(f"mllp {one.listen} {key}", Path(path), now)


def _port(name: str, listen: str, settings: Settings, *, is_http: bool) -> Diagnosis:
    host, port = host_and_port(listen)
    if not port:
        return Diagnosis(name, OK, f"{listen}: a free port is taken at the start")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
    except socket.gaierror:
        return Diagnosis(name, FAIL, f"{listen}: this host has no address here", f"mend `{name}`")
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return Diagnosis(name, FAIL, f"{listen}: {error.strerror}", f"mend `{name}`")
    else:
        return Diagnosis(name, OK, f"{listen}: free")
    if _is_alive(listen) if is_http else _is_served(settings):
        return Diagnosis(name, OK, f"{listen}: served by a translator")
    return Diagnosis(name, FAIL, f"{listen}: another program has it", f"stop that, or choose another `{name}`")


def _is_alive(listen: str) -> bool:
    """Ask whoever has the port whether it is one of ours."""
    import httpx  # noqa: PLC0415 - heavy, and only where the port is taken

    host, port = host_and_port(listen)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - what is listened on, not what is asked
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    try:
        answer = httpx.get(url + LIVE_PATH, timeout=_ALIVE_S, trust_env=not is_loopback(url))
        return answer.is_success and answer.json() == {"status": "alive"}
    except (httpx.HTTPError, ValueError):
        return False


def _is_served(settings: Settings) -> bool:
    """Tell whether a service works on this ledger; only that one would have this MLLP port."""
    if not is_usable(settings):
        return False
    opened = Ledger.open(settings.ledger, key=settings.ledger_key)
    with closing(opened), opened.delivery_lock() as is_free:
        if not opened.cluster().is_set_up:
            return not is_free
        here = socket.gethostname()
        return any(one.host == here and one.is_alive for one in opened.cluster().hosts().listed())


def _rename(folder: Path) -> None:
    # A name that begins with a point is never taken for a message.
    first, second = (folder / f".translator-doctor-{uuid4().hex}" for _ in range(2))
    try:
        first.touch()
        first.rename(second)
    finally:
        first.unlink(missing_ok=True)
        second.unlink(missing_ok=True)


def _tls(port: MllpIntake) -> Diagnosis:
    name = f"mllp {port.listen} tls"
    try:
        tls_of(port)
    except ConfigError as error:
        return Diagnosis(name, FAIL, str(error))
    return Diagnosis(name, OK, "certificate and key fit")


def _certificate(name: str, path: Path, now: datetime) -> Diagnosis:
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415 - heavy, and only where there is TLS

    try:
        chain = load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        return Diagnosis(name, FAIL, f"it cannot be read: {error.strerror}", f"mend `{name.rsplit(maxsplit=1)[-1]}`")
    except ValueError:
        return Diagnosis(name, FAIL, "it is no certificate in PEM", f"mend `{name.rsplit(maxsplit=1)[-1]}`")
    begins = max(one.not_valid_before_utc for one in chain)
    ends = min(one.not_valid_after_utc for one in chain)
    if now < begins:
        return Diagnosis(name, FAIL, f"it holds only from {begins:%Y-%m-%d}", "look at the clock, or renew it")
    if now > ends:
        return Diagnosis(name, FAIL, f"it ran out on {ends:%Y-%m-%d}", "renew it; then `kill -HUP`")
    days = f"it holds for {(ends - now).days} days"
    return Diagnosis(name, WARN, days, "renew it; then `kill -HUP`") if ends - now < SOON else Diagnosis(name, OK, days)
