"""Make KMS, DynamoDB, Lambda and CloudFormation in the emulator refuse requests as AWS does."""

from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch, dynamodb, iam, kms, lambda_svc, scheduler, sqs
from ministack.services.cloudformation import provisioners

from local.strict import services
from local.strict.inside.patch import Answer, Json, before, fail, refusing, replace
from local.strict.refusal import Refusal


def install() -> None:
    _requests()
    _resources()


def _requests() -> None:
    replace(kms, "_encrypt", refusing(services.refuse_encrypt))
    replace(dynamodb, "_transact_write_items", refusing(services.refuse_transaction_token))
    replace(lambda_svc, "_create_esm", refusing(_refuse_mapping))
    before(
        "AWS::Lambda::EventSourceMapping",
        "create",
        lambda _logical_id, properties, *_: fail(_refuse_mapping(properties)),
    )


def _refuse_mapping(request: Json) -> Refusal | None:
    queue = sqs._queue_by_arn(request.get("EventSourceArn", ""))
    name = lambda_svc._resolve_request_scoped_name(request.get("FunctionName", ""))
    function = lambda_svc._functions.get(name)
    if queue is None or function is None:
        return None
    return services.refuse_event_source(
        visibility_timeout=int(queue["attributes"].get("VisibilityTimeout", 30)),
        function_timeout=int(function["config"].get("Timeout", 3)),
    )


def _resources() -> None:
    def schedule(_logical_id: str, properties: Json, *_: Any) -> None:
        if name := properties.get("Name"):
            group = properties.get("GroupName", "default")
            fail(services.refuse_schedule(name, group=group, existing=scheduler._schedules))

    def dashboard(logical_id: str, properties: Json, stack_name: str) -> None:
        name = provisioners._cw_dashboard_name(logical_id, properties, stack_name)
        fail(_refuse_dashboard(name, is_new=True))

    def policy(arn: str, properties: Json) -> None:
        provisioners._iam_policy_reconcile_entities(arn, properties, {})  # detaches it from the stack's own roles
        attachments = (iam._policies.get(arn) or {}).get("AttachmentCount", 0)
        fail(services.refuse_policy_deletion(attachments=attachments))

    before("AWS::Scheduler::Schedule", "create", schedule)
    before("AWS::CloudWatch::Dashboard", "create", dashboard)
    before("AWS::IAM::ManagedPolicy", "delete", policy)

    def put(operation: Callable[..., Answer]) -> Callable[..., Answer]:
        def put_dashboard(params: Json, request: Json, is_cbor: bool, is_json: bool = False) -> Answer:  # noqa: FBT001, FBT002  the emulator's signature
            name = request.get("DashboardName") or cloudwatch._p(params, "DashboardName")
            if refusal := _refuse_dashboard(name, is_new=False):
                error: Answer = cloudwatch._error(*refusal, use_json=is_json, use_cbor=is_cbor)
                return error
            return operation(params, request, is_cbor, is_json)

        return put_dashboard

    replace(cloudwatch, "_put_dashboard", put)


def _refuse_dashboard(name: str, *, is_new: bool) -> Refusal | None:
    regions = {
        region
        for (account, region, existing), _ in cloudwatch._dashboards.all_items()
        if (account, existing) == (get_account_id(), name)
    }
    return services.refuse_dashboard(name, region=get_region(), regions=regions, is_new=is_new)
