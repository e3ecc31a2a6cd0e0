"""A real object storage that speaks S3, on a free port of this machine."""

from __future__ import annotations

import json
import socket
import subprocess
import sysconfig
import time
from collections.abc import Mapping
from pathlib import Path

BUCKET = "lab"
_START_S = 60.0
_PORTS = [f"{part}.port{kind}" for part in ("s3", "master", "volume", "filer", "admin") for kind in ("", ".grpc")]


class ObjectStorage:
    """SeaweedFS with one bucket and one user; `environment` is what a client has to know."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "log"
        ports = _free_ports()
        credentials = [{"accessKey": "INVENTED", "secretKey": "SECRET-OF-TESTS"}]
        identity = {"name": "lab", "credentials": credentials, "actions": ["Admin", "Read", "Write", "List"]}
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}), encoding="utf-8")
        flags = [f"-{name}={port}" for name, port in ports.items()]
        command = [
            str(Path(sysconfig.get_path("scripts"), "weed")),
            "mini",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-dir={folder}",
            f"-bucket={BUCKET}",
            f"-s3.config={folder}/s3.json",
            *flags,
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-webdav=false",
            "-admin.ui=false",
            "-master.telemetry=false",
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        self.environment: Mapping[str, str] = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{ports['s3.port']}",
            "AWS_ACCESS_KEY_ID": "INVENTED",
            "AWS_SECRET_ACCESS_KEY": "SECRET-OF-TESTS",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self._wait(ports["s3.port"])

    def close(self) -> None:
        """End it at once; it keeps nothing that anybody wants."""
        self._process.kill()
        self._process.wait()

    def _wait(self, port: int) -> None:
        """Wait until it answers and its bucket is there."""
        from pyarrow.fs import FileType, S3FileSystem  # noqa: PLC0415 - only where it is used

        end = time.monotonic() + _START_S
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                time.sleep(0.05)
                continue
            there = S3FileSystem(
                access_key="INVENTED",
                secret_key=self.environment["AWS_SECRET_ACCESS_KEY"],
                endpoint_override=self.environment["AWS_ENDPOINT_URL"],
                region="us-east-1",
            )
            if there.get_file_info(BUCKET).type == FileType.Directory:
                return
        raise TimeoutError(f"the object storage does not answer: {self._log.read_text(encoding='utf-8')[-2000:]}")


def _free_ports() -> dict[str, int]:
    sockets = {name: socket.create_server(("127.0.0.1", 0)) for name in _PORTS}
    try:
        return {name: each.getsockname()[1] for name, each in sockets.items()}
    finally:
        for each in sockets.values():
            each.close()
