"""The recipe for CloudFront: which requests count against which limit, what is forwarded, and that nothing is logged."""

import posixpath
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from samtranslator.yaml_helper import yaml_parse

from whatsapp_connect.outcomes import OUTCOMES

ROOT = Path(__file__).parents[2]
TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "examples/cloudfront/template.yaml").read_text())
STACK: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
ACL = TEMPLATE["Resources"]["WebAcl"]["Properties"]
DISTRIBUTION = TEMPLATE["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
BEHAVIOR = DISTRIBUTION["DefaultCacheBehavior"]
META = ["/whatsapp-webhook", "/deauthorize", "/data-deletion"]
LOGINS = ["/connect", "/connect/{link}", "/reconnect/{connection_id}", "/callback", "/callback/signup"]
TRANSFORMATIONS = {
    "NONE": lambda path: path,
    "URL_DECODE": unquote,
    "NORMALIZE_PATH": lambda path: re.sub("/+", "/", posixpath.normpath(path)),
    "LOWERCASE": str.lower,
}
WINDOW_S = 300


def counts(statement: dict[str, Any], path: str) -> bool:
    """Decide whether a request for a path matches, as AWS WAF does."""
    ((kind, about),) = statement.items()
    if kind == "NotStatement":
        return not counts(about["Statement"], path)
    assert kind == "RegexMatchStatement"
    assert about["FieldToMatch"] == {"UriPath": {}}
    for one in sorted(about["TextTransformations"], key=lambda one: one["Priority"]):
        path = TRANSFORMATIONS[one["Type"]](path)
    return re.search(about["RegexString"], path) is not None


def limited_by(path: str) -> list[str]:
    """Return the rules that count a request for a path, in the order in which AWS WAF asks them."""
    rules = sorted(ACL["Rules"], key=lambda rule: rule["Priority"])
    return [
        rule["Name"] for rule in rules if counts(rule["Statement"]["RateBasedStatement"]["ScopeDownStatement"], path)
    ]


@pytest.mark.parametrize("path", META)
def test_requests_of_meta_have_no_limit(path: str) -> None:
    assert limited_by(path) == []


@pytest.mark.parametrize(
    "path",
    [
        "/connect",
        "/connect/",
        "/connect/abc",
        "/reconnect/tenant-42",
        "/callback",
        "/callback/signup",
        "/%63onnect/abc",
        "//x/../callback",
    ],
)
def test_logins_have_the_lower_limit(path: str) -> None:
    assert limited_by(path) == ["logins", "others"]


@pytest.mark.parametrize(
    "path",
    ["/", "/data-deletion/abc", "/wp-login.php", "/whatsapp-webhook/", "/Deauthorize", "/x/whatsapp-webhook"],
)
def test_other_requests_have_the_other_limit(path: str) -> None:
    assert limited_by(path) == ["others"]


def test_every_route_of_the_stack_is_in_one_of_these_groups() -> None:
    routes = STACK["Resources"]["Api"]["Properties"]["RouteSettings"]
    assert {route.partition(" ")[2] for route in routes} == {*META, *LOGINS, "/data-deletion/{code}"}


def test_a_client_has_a_small_part_of_what_a_route_takes() -> None:
    parameters = TEMPLATE["Parameters"]
    logins, others = parameters["LoginRequests"]["Default"], parameters["OtherRequests"]["Default"]
    route = STACK["Resources"]["Api"]["Properties"]["RouteSettings"]["GET /callback"]["ThrottlingRateLimit"]
    assert logins < others <= route * WINDOW_S / 20
    assert logins >= 4 * 20  # twenty people of one office, with four requests each


def test_limits_are_for_each_address_and_say_when_to_try_again() -> None:
    limits = {"logins": "LoginRequests", "others": "OtherRequests"}
    for rule in ACL["Rules"]:
        about = rule["Statement"]["RateBasedStatement"]
        assert about["AggregateKeyType"] == "IP"
        assert about["EvaluationWindowSec"] == WINDOW_S
        assert about["Limit"] == {"Ref": limits[rule["Name"]]}
        response = rule["Action"]["Block"]["CustomResponse"]
        assert response["ResponseCode"] == 429
        assert response["ResponseHeaders"] == [{"Name": "Retry-After", "Value": str(WINDOW_S)}]
        assert response["CustomResponseBodyKey"] in ACL["CustomResponseBodies"]
    assert ACL["DefaultAction"] == {"Allow": {}}
    assert ACL["Scope"] == "CLOUDFRONT"
    assert DISTRIBUTION["WebACLId"] == {"Fn::GetAtt": ["WebAcl", "Arn"]}
    assert DISTRIBUTION["IPV6Enabled"] is False


def test_nothing_is_logged() -> None:
    """Logs and samples contain link IDs, codes, states and cookies."""
    kinds = {resource["Type"] for resource in TEMPLATE["Resources"].values()}
    assert kinds == {"AWS::WAFv2::WebACL", "AWS::CloudFront::Distribution", "AWS::Route53::RecordSet"}
    assert not {"Logging", "RealtimeLogConfigArn"} & {*DISTRIBUTION, *BEHAVIOR}
    for about in (ACL, *ACL["Rules"]):
        assert about["VisibilityConfig"]["SampledRequestsEnabled"] is False


def test_everything_but_the_host_is_forwarded_and_nothing_is_stored() -> None:
    assert BEHAVIOR["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # CachingDisabled
    assert BEHAVIOR["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"  # AllViewerExceptHostHeader
    assert {"GET", "HEAD", "POST"} <= {*BEHAVIOR["AllowedMethods"]}
    assert "CacheBehaviors" not in DISTRIBUTION
    assert not {"FunctionAssociations", "LambdaFunctionAssociations", "ResponseHeadersPolicyId"} & {*BEHAVIOR}


def test_a_page_about_an_error_is_not_stored_for_others() -> None:
    """CloudFront keeps errors for ten seconds unless it is told otherwise for each status."""
    errors = {about["ErrorCode"]: about for about in DISTRIBUTION["CustomErrorResponses"]}
    assert all(about == {"ErrorCode": code, "ErrorCachingMinTTL": 0} for code, about in errors.items())
    settable = {400, 403, 404, 405, 414, 500, 501, 502, 503, 504}
    assert errors.keys() == settable
    # Other statuses are not stored: 410 is not with no-store, which every page has, and the rest never is.
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html
    others = {outcome.status for outcome in OUTCOMES.values() if outcome.status >= 400} - settable
    assert others <= {401, 409, 410, 413, 422, 429}


def test_only_new_tls_is_spoken_on_both_sides() -> None:
    assert BEHAVIOR["ViewerProtocolPolicy"] == "https-only"
    assert DISTRIBUTION["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    (origin,) = DISTRIBUTION["Origins"]
    assert origin["DomainName"] == {"Ref": "ApiHost"}
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert origin["CustomOriginConfig"]["OriginSSLProtocols"] == ["TLSv1.2"]


def test_cloudfront_waits_longer_than_the_api() -> None:
    """CloudFront asks again after its timeout, while the first callback may still run."""
    (origin,) = DISTRIBUTION["Origins"]
    assert 30 < origin["CustomOriginConfig"]["OriginReadTimeout"] <= 60
