"""What a storage refuses is one line that says what to do, and never a credential."""

import pytest

from xray_platform.errors import InputError, StoreError, XrayError
from xray_platform.object_store.bucket import Bucket, is_url
from xray_platform.object_store.commit import read_commit
from xray_platform.ports import HOST, free_port
from xray_platform_tests.object_store.s3 import SECRET, storage


def test_an_object_is_never_written_over_unseen(url: str) -> None:
    bucket = Bucket.open(url)
    assert bucket.put_new("a", b"first")
    assert not bucket.put_new("a", b"second")
    found = bucket.get("a")
    assert found is not None
    data, tag = found
    assert data == b"first"
    assert bucket.replace("a", b"second", None) is None
    newer = bucket.replace("a", b"second", tag)
    assert newer is not None
    assert bucket.replace("a", b"third", tag) is None
    assert b"".join(bucket.parts("a")) == b"second"
    assert [found.key for found in bucket.list("")] == ["a"]
    bucket.delete(["a", "never there"])
    assert bucket.get("a") is None
    assert bucket.facts("a") is None


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ftp://host/store", "no address of a store"),
        ("s3://", "no address of a store"),
        (f"s3://me:{SECRET}@bucket/store", "must hold no credentials"),
        ("file:///srv/store", "no address of a store"),
    ],
)
def test_an_address_that_is_none_is_refused(address: str, words: str) -> None:
    assert is_url(address)
    with pytest.raises(InputError, match=words) as refused:
        Bucket.open(address)
    assert SECRET not in str(refused.value)


def one_line(error: XrayError) -> str:
    said = str(error)
    assert "\n" not in said
    assert SECRET not in said
    assert len(said) < 600
    return said


def test_a_bucket_that_is_not_there_is_one_line(url: str) -> None:
    with pytest.raises(StoreError) as refused:
        read_commit(Bucket.open("s3://nobody-made-this/store"))
    assert "there is no such bucket" in one_line(refused.value)
    with pytest.raises(StoreError) as refused:
        list(Bucket.open("s3://nobody-made-this/store").list("objects/"))
    assert "there is no such bucket" in one_line(refused.value)


def test_a_storage_that_does_not_answer_is_one_line(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{HOST}:{free_port()}")
    with pytest.raises(StoreError) as refused:
        read_commit(Bucket.open(url))
    assert "cannot be reached" in one_line(refused.value)


def test_refused_access_is_one_line_that_names_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    with storage(INITIAL_NO_AUTH_ACTION_COUNT="0") as strict:  # it knows nobody
        for name, value in strict.variables.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(StoreError) as refused:
            read_commit(Bucket.open("s3://archive/store"))
    said = one_line(refused.value)
    assert "access is refused" in said
    assert "AWS_ACCESS_KEY_ID" in said
