"""Make EventBridge and CloudWatch publish to a topic only if its policy or the target's role allows it."""

import json
import logging
from collections.abc import Callable
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch, eventbridge, iam, sns

from local.strict import access
from local.strict.inside.patch import Json, replace

_log = logging.getLogger("strict")


def install() -> None:
    def invoke(original: Callable[..., None]) -> Callable[..., None]:
        def invoke_target(target: Json, event: Json, rule: Json, view: Any = None) -> None:
            arn = target.get("Arn", "")
            if ":sns:" in arn and not _may_eventbridge_publish(arn, rule["Arn"], target.get("RoleArn")):
                _log.warning("FailedInvocations: rule %s may not publish to %s", rule["Name"], arn)
                return
            original(target, event, rule, view)

        return invoke_target

    def act(original: Callable[..., None]) -> Callable[..., None]:
        def dispatch_alarm_actions(alarm: Json, *rest: Any) -> None:
            lists = ("AlarmActions", "OKActions", "InsufficientDataActions")
            original(
                alarm | {each: [arn for arn in alarm.get(each) or [] if _may_act(arn, alarm)] for each in lists},
                *rest,
            )

        return dispatch_alarm_actions

    replace(eventbridge, "_invoke_target", invoke)
    replace(cloudwatch, "_dispatch_alarm_actions", act)


def _may_eventbridge_publish(topic_arn: str, rule_arn: str, role_arn: str | None) -> bool:
    """Return whether a rule may publish: by its target's role if it has one, else by the topic's policy."""
    if role_arn is None:
        policy = access.for_eventbridge(_topic_policy(topic_arn))
        return _allows(policy, "events.amazonaws.com", topic_arn, rule_arn)
    role = iam._roles.get(role_arn.rpartition("/")[2])
    if role is None:
        return False
    trust = access.naming("events.amazonaws.com", json.loads(role["AssumeRolePolicyDocument"]))
    assume = _context("sts:AssumeRole", role_arn, rule_arn)
    if not iam_evaluator.evaluate_trust_policy(trust, assume.principal_arn, assume):
        return False
    policies = iam_evaluator._gather_role_policies(role["RoleName"], get_account_id())
    decision = iam_evaluator.evaluate(_context("sns:Publish", topic_arn, rule_arn), policies).decision
    return bool(decision == "Allow")


def _may_act(action_arn: str, alarm: Json) -> bool:
    """Return whether an alarm may publish to a topic.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    """
    if ":sns:" not in action_arn:
        return True
    is_allowed = _allows(_topic_policy(action_arn), "cloudwatch.amazonaws.com", action_arn, alarm.get("AlarmArn", ""))
    if not is_allowed:
        _log.warning("Alarm %s may not publish to %s", alarm.get("AlarmName"), action_arn)
    return is_allowed


def _topic_policy(topic_arn: str) -> Json:
    topic = sns._topic_by_arn_any_scope(topic_arn)
    policy: Json = json.loads((topic or {}).get("attributes", {}).get("Policy") or "{}")
    return policy


def _allows(policy: Json, service: str, topic_arn: str, source_arn: str) -> bool:
    context = _context("sns:Publish", topic_arn, source_arn)
    # A topic's default policy allows requests whose aws:SourceOwner is the account of the topic.
    context.service_context["aws:sourceowner"] = get_account_id()
    decision = iam_evaluator.evaluate_resource_policy(access.naming(service, policy), context, service=service).decision
    return bool(decision == "Allow")


def _context(action: str, resource_arn: str, source_arn: str) -> Any:
    return iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:iam::{get_account_id()}:root",
        principal_type="Root",
        principal_account=get_account_id(),
        action=action,
        resource_arn=resource_arn,
        region=get_region(),
        service_context={"aws:sourcearn": source_arn, "aws:sourceaccount": get_account_id()},
    )
