"""Check for the doctor whether alerts reach somebody, and which alarms ring."""

from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.finding import Finding, broken, not_checked, ok, warning

_MAX_ALARMS = 100


def alerts(deployment: Deployment) -> Finding:
    """Check the way of an alert: the rule sends it to the topic, and the topic to somebody who confirmed that."""
    topic = deployment.outputs["AlertTopicArn"]
    rule = deployment.resources["AlertRule"]
    try:
        is_enabled = deployment.events.describe_rule(Name=rule)["State"] == "ENABLED"
        targets = deployment.events.list_targets_by_rule(Rule=rule)["Targets"]
    except deployment.events.exceptions.ResourceNotFoundException:
        return broken(
            f"The rule {rule} does not exist: nobody gets the mails about connections.",
            "Create it again: deploy the template without AlertRule, then the whole template.",
        )
    if not is_enabled:
        return broken(
            f"The rule {rule} is disabled: nobody gets the mails about connections.",
            f"aws events enable-rule --name {rule}",
        )
    if topic not in {target["Arn"] for target in targets}:
        return broken(
            f"The rule {rule} does not send to the topic of alerts: nobody gets the mails about connections.",
            "Deploy the template without AlertRule, then the whole template.",
        )
    lost = deployment.sqs.get_queue_attributes(
        QueueUrl=deployment.resources["AlertFailures"], AttributeNames=["ApproximateNumberOfMessages"]
    )["Attributes"]["ApproximateNumberOfMessages"]
    if int(lost):
        return broken(
            f"Mails that were not sent: {lost}. They are in AlertFailures.",
            "Each message holds the event. Read them, repair the topic's policy and subscriptions, then purge the queue.",
        )
    return _subscriptions(deployment, topic)


def alarms(deployment: Deployment) -> Finding:
    """Find alarms that are missing, that tell nobody, and that ring now."""
    names = {physical: name for name, physical in deployment.resources.items() if name.endswith("Alarm")}
    found = deployment.cloudwatch.describe_alarms(AlarmNames=list(names), MaxRecords=_MAX_ALARMS)["MetricAlarms"]
    if missing := sorted(names[one] for one in names.keys() - {alarm["AlarmName"] for alarm in found}):
        return broken(
            f"Alarms that do not exist: {', '.join(missing)}.",
            "Deploy the template without them, then the whole template.",
        )
    if silent := sorted(alarm["AlarmName"] for alarm in found if not alarm["ActionsEnabled"]):
        return broken(
            f"Alarms that tell nobody: {', '.join(names[one] for one in silent)}.",
            f"aws cloudwatch enable-alarm-actions --alarm-names {' '.join(silent)}",
        )
    if ringing := sorted(names[alarm["AlarmName"]] for alarm in found if alarm["StateValue"] == "ALARM"):
        return warning(
            f"Alarms that ring now: {', '.join(ringing)}.",
            "docs/operations.md says for each alarm what it means and what to do.",
        )
    return ok(f"None of the {len(names)} alarms rings.")


def _subscriptions(deployment: Deployment, topic: str) -> Finding:
    subscriptions = deployment.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    pending = [one for one in subscriptions if one["SubscriptionArn"] == "PendingConfirmation"]
    if len(subscriptions) > len(pending):
        return ok(f"Confirmed subscriptions to alerts and alarms: {len(subscriptions) - len(pending)}.")
    if pending:
        return broken(
            "Nobody gets alerts and alarms: the subscription is not confirmed.",
            "Follow the link in the mail from AWS Notifications, or deploy again with AlertEmail to get another.",
        )
    if deployment.place.is_local:
        return not_checked("A local stack sends no alerts.")
    return broken(
        "Nobody gets the alarms and the mails about tokens that end.",
        "Deploy with AlertEmail=you@example.com, and follow the link in the mail from AWS Notifications.",
    )
