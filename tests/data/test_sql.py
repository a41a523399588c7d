"""Databases by URL. PostgreSQL is started for real where it is installed."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from modelwright.data.readers.sql import redacted
from modelwright.data.reading import read_table
from modelwright.errors import DataError, UsageError

pytest.importorskip("sqlalchemy")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:s3cret@host:5432/shop", "postgresql://ann:***@host:5432/shop"),
        ("mysql+pymysql://ann:p@ss/w:rd@host/shop", "mysql+pymysql://ann:***@host/shop"),
        ("postgresql://host/shop?user=ann&password=s3cret&sslmode=on", None),
        ("postgresql://ann@host/shop", "postgresql://ann@host/shop"),
        ("mssql://host/shop", "mssql://host/shop"),
    ],
)
def test_passwords_are_not_shown(url, shown):
    assert "s3cret" not in redacted(url)
    assert "w:rd" not in redacted(url)
    if shown:
        assert redacted(url) == shown


def test_bad_urls():
    with pytest.raises(UsageError, match="MW-U112"):
        read_table("postgresql://ann:s3cret@127.0.0.1:1/shop")
    with pytest.raises(UsageError, match="MW-U115") as caught:
        read_table("nosuch://ann:s3cret@host/shop", query="t")
    assert "s3cret" not in str(caught.value)
    with pytest.raises(DataError, match=r"no connection to postgresql://ann:\*\*\*@.*MW-D127") as caught:
        read_table("postgresql://ann:s3cret@127.0.0.1:1/shop", query="t")
    assert "s3cret" not in str(caught.value)


def _tools() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = found[-1] if found else shutil.which("initdb")
    return Path(initdb).parent if initdb else None


def _as_user(command: list[str], folder: Path) -> subprocess.CompletedProcess:
    """Run a command; PostgreSQL refuses to run as the superuser, so there it runs as nobody."""
    user = {}
    if os.geteuid() == 0:
        import pwd

        nobody = pwd.getpwnam("nobody")
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return subprocess.run(command, capture_output=True, cwd=folder, timeout=60, check=False, **user)


@pytest.fixture(scope="module")
def postgres():
    """Yield the URL of a fresh PostgreSQL server with a password."""
    import tempfile

    tools = _tools()
    if tools is None:
        pytest.skip("PostgreSQL is not installed")
    pytest.importorskip("psycopg")
    folder = Path(tempfile.mkdtemp(prefix="modelwright-pg-", dir="/tmp"))
    folder.chmod(0o777)
    secret = folder / "password"
    secret.write_text("s3cret")
    secret.chmod(0o644)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"
    started = False
    try:
        made = _as_user(
            [str(tools / "initdb"), "-D", str(data), "-U", "ann", "-A", "scram-sha-256", f"--pwfile={secret}", "-N"],
            folder,
        )
        if made.returncode:
            pytest.skip(f"PostgreSQL cannot make a database here: {made.stderr.decode()[-200:]}")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        log = str(folder / "log")
        begun = _as_user([str(tools / "pg_ctl"), "-D", str(data), "-w", "-l", log, "-o", options, "start"], folder)
        if begun.returncode:
            pytest.skip("PostgreSQL cannot be started here")
        started = True
        yield f"postgresql://ann:s3cret@127.0.0.1:{port}/postgres"
    finally:
        if started:
            _as_user([str(tools / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop"], folder)
        with contextlib.suppress(OSError):
            shutil.rmtree(folder)


def test_postgres(postgres):
    import psycopg

    with psycopg.connect(postgres) as connection:
        connection.execute(
            'create table sales (id int, amount numeric(8,2), name text, made timestamp, paid boolean, "Tags" text[])'
        )
        connection.execute("insert into sales select i, i * 1.5, 'n' || i, '2020-01-01', i % 2 = 0, array['a'] "
                           "from generate_series(1, 50000) i")  # fmt: skip
        connection.execute("insert into sales values (null, null, null, null, null, null)")
    table, source = read_table(postgres, query="sales")
    assert table.num_rows == source.n_rows == 50_001
    assert [str(t) for t in table.schema.types] == ["int64", "double", "string", "timestamp[us]", "bool", "string"]
    assert table.column("amount")[1].as_py() == 3.0
    assert source.format == "sql"
    assert "s3cret" not in repr(source)
    table, _ = read_table(postgres, query="select name, amount from public.sales where name like '%:x' or id = 7;")
    assert table.to_pydict() == {"name": ["n7"], "amount": [10.5]}
    table, source = read_table(postgres, query="sales", memory_bytes=2_000_000)
    assert source.n_rows == 50_001
    assert 1000 <= table.num_rows < 20_000

    with pytest.raises(DataError, match=r"MW-D126"):
        read_table(postgres, query="select nothing from sales")
    with pytest.raises(DataError, match=r"MW-D126"):
        read_table(postgres, query="delete from sales returning id")
    with pytest.raises(DataError, match=r"password.*MW-D127") as caught:
        read_table(postgres.replace("s3cret", "wr0ng"), query="sales")
    assert "wr0ng" not in str(caught.value)
    assert read_table(postgres, query="select count(*) as n from sales")[0].to_pydict() == {"n": [50_001]}
