"""Parameter Store refuses what it refuses on AWS."""

from pathlib import Path

import pytest

from local.strict.limits import Limits
from tests.strict.account import Account, put, refused, started

pytestmark = pytest.mark.emulator

SLOW = Limits(put_parameters_per_second=0.001, get_parameters_per_second=0.001)


def test_parameter_store_refuses_what_it_refuses_on_aws(account: Account) -> None:
    ssm = account.client("ssm")
    assert put(ssm, "/p/a", "{{summer}} sale") == "ValidationException"
    assert put(ssm, "/p/a", "x" * 4097) == "ValidationException"
    assert put(ssm, "/AWS/a") == "AccessDeniedException"
    assert put(ssm, "/Ssm/a") == "ValidationException"
    assert put(ssm, "/p/a", Type="SecureString", KeyId="alias/nobody") == "InvalidKeyId"
    assert ssm.describe_parameters()["Parameters"] == []


def test_tier_follows_the_size_and_never_goes_back(account: Account) -> None:
    ssm = account.client("ssm")
    tiers = [
        ssm.put_parameter(Name="/p/a", Value="x" * size, Type="String", Tier="Intelligent-Tiering", Overwrite=True)[
            "Tier"
        ]
        for size in (4096, 4097, 1)
    ]
    assert tiers == ["Standard", "Advanced", "Advanced"]
    assert put(ssm, "/p/a", Tier="Standard", Overwrite=True) == "ValidationException"


def test_hundred_versions_are_there_and_a_label_keeps_the_oldest(account: Account) -> None:
    ssm = account.client("ssm")
    for _ in range(101):
        assert put(ssm, "/p/a", Overwrite=True) == ""
    assert refused(ssm.get_parameter, Name="/p/a:1") == "ParameterVersionNotFound"
    ssm.label_parameter_version(Name="/p/a", ParameterVersion=2, Labels=["keep"])
    assert put(ssm, "/p/a", Overwrite=True) == "ParameterMaxVersionLimitExceeded"
    assert ssm.get_parameter(Name="/p/a:keep")["Parameter"]["Version"] == 2


def test_cloudformation_meets_the_same_rules(account: Account) -> None:
    parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "{{a}}"}}
    assert "nest another parameter" in account.deploy("one", {"Parameter": parameter})


def test_pace_of_parameter_store_counts_where_it_is_switched_on(tmp_path: Path) -> None:
    with started(SLOW, tmp_path) as slow:
        account, another = Account(slow), Account(slow)
        ssm = account.client("ssm")
        assert [put(ssm, name) for name in ("/p/a", "/p/b")] == ["", "ThrottlingException"]
        by_path = refused(ssm.get_parameters_by_path, Path="/p")
        assert (by_path, refused(ssm.get_parameter, Name="/p/a")) == ("", "ThrottlingException")
        assert put(another.client("ssm"), "/p/a") == ""


def test_standard_parameters_run_out_and_advanced_ones_do_not(limited: Account) -> None:
    ssm, elsewhere = limited.client("ssm"), limited.client("ssm", region="eu-west-1")
    assert [put(ssm, "/p/a"), put(ssm, "/p/b"), put(ssm, "/p/c")] == ["", "", "ParameterLimitExceeded"]
    assert put(elsewhere, "/p/c", Tier="Intelligent-Tiering") == ""
    assert put(elsewhere, "/p/d") == ""


def test_deleted_name_is_refused_at_first(limited: Account) -> None:
    ssm = limited.client("ssm")
    put(ssm, "/p/a")
    ssm.delete_parameters(Names=["/p/a"])
    assert (put(ssm, "/p/a"), put(ssm, "/p/b")) == ("TooManyUpdates", "")
