"""Policies are asked about the resources and conditions that AWS asks about."""

import pytest

from tests.strict.account import REGION, Account, put, refused

pytestmark = pytest.mark.emulator


def test_reader_of_a_name_reads_every_version_of_it_and_no_other_name(account: Account) -> None:
    root = account.client("ssm")
    for name in ("/p/a", "/p/b", "/q/c"):
        put(root, name)
    put(root, "/p/a", Overwrite=True)
    arn = f"arn:aws:ssm:{REGION}:{account.id}:parameter"
    actions = ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"]
    reader = account.user({"Effect": "Allow", "Action": actions, "Resource": [f"{arn}/p/a", f"{arn}/q"]})
    ssm = account.client("ssm", key=reader)
    assert ssm.get_parameter(Name="/p/a:1")["Parameter"]["Version"] == 1
    assert refused(ssm.get_parameter, Name="/p/b:1") == "AccessDeniedException"
    assert refused(ssm.get_parameters, Names=["/p/a"]) == ""
    assert refused(ssm.get_parameters, Names=["/p/a", "/p/b"]) == "AccessDeniedException"
    assert refused(ssm.get_parameters_by_path, Path="/q") == ""
    assert refused(ssm.get_parameters_by_path, Path="/p") == "AccessDeniedException"


def test_decryption_needs_the_right_to_use_the_key(account: Account) -> None:
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    root = account.client("ssm")
    for name in ("/p/a", "/p/b"):
        assert put(root, name, Type="SecureString", KeyId=key) == ""
    arn = f"arn:aws:ssm:{REGION}:{account.id}:parameter/p/a"
    somebody = account.user(
        {"Effect": "Allow", "Action": ["ssm:GetParameter", "ssm:PutParameter"], "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": key,
            "Condition": {"StringEquals": {"kms:EncryptionContext:PARAMETER_ARN": arn}},
        },
    )
    ssm = account.client("ssm", key=somebody)
    assert refused(ssm.get_parameter, Name="/p/a", WithDecryption=True) == ""
    assert refused(ssm.get_parameter, Name="/p/b", WithDecryption=True) == "AccessDeniedException"
    assert refused(ssm.get_parameter, Name="/p/b") == ""
    assert put(ssm, "/p/a", Type="SecureString", KeyId=key, Overwrite=True) == "AccessDeniedException"


def test_policies_see_encryption_context_and_event_source(account: Account) -> None:
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    somebody = account.user(
        {
            "Effect": "Allow",
            "Action": "kms:Encrypt",
            "Resource": key,
            "Condition": {"StringEquals": {"kms:EncryptionContext:purpose": "access-token"}},
        },
        {
            "Effect": "Allow",
            "Action": "events:PutEvents",
            "Resource": "*",
            "Condition": {"StringEquals": {"events:source": "whatsapp-connect"}},
        },
    )
    kms, events = account.client("kms", key=somebody), account.client("events", key=somebody)

    def encrypt(context: dict[str, str]) -> str:
        return refused(kms.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext=context)

    def tell(source: str) -> str:
        return refused(events.put_events, Entries=[{"Source": source, "DetailType": "a", "Detail": "{}"}])

    assert (encrypt({"purpose": "access-token"}), encrypt({"purpose": "other"})) == (
        "",
        "AccessDeniedException",
    )
    assert (tell("whatsapp-connect"), tell("aws.ec2")) == ("", "AccessDeniedException")


def test_policies_see_the_sender_of_a_mail(account: Account) -> None:
    root = account.client("sesv2")
    for sender in ("service@example.com", "other@example.com"):
        root.create_email_identity(EmailIdentity=sender)
    root.put_account_details(MailType="TRANSACTIONAL", WebsiteURL="https://example.com", ProductionAccessEnabled=True)
    right = {"Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*"}
    condition = {"StringEquals": {"ses:FromAddress": "service@example.com"}}
    ses = account.client("sesv2", key=account.user(right | {"Condition": condition}))

    def send(sender: str) -> str:
        text = {"Data": "x"}
        return refused(
            ses.send_email,
            FromEmailAddress=sender,
            Destination={"ToAddresses": ["customer@example.org"]},
            Content={"Simple": {"Subject": text, "Body": {"Text": text}}},
        )

    assert send("Service <service@example.com>") == ""
    assert send("other@example.com") == "AccessDeniedException"
    assert refused(ses.list_email_identities) == "AccessDeniedException"


def test_right_to_list_streams_of_one_table_is_none(account: Account) -> None:
    one_table = f"arn:aws:dynamodb:{REGION}:{account.id}:table/table/stream/*"
    somebody = account.user({"Effect": "Allow", "Action": "dynamodb:ListStreams", "Resource": one_table})
    streams = account.client("dynamodbstreams", key=somebody)
    assert refused(streams.list_streams) == refused(streams.list_streams, TableName="table") != ""


def test_right_to_send_a_message_is_the_right_to_send_many(account: Account) -> None:
    queue = account.client("sqs").create_queue(QueueName="queue")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{account.id}:queue"
    entries = [{"Id": "1", "MessageBody": "x"}]
    outcomes = []
    for action in ("sqs:SendMessage", "sqs:ReceiveMessage"):
        somebody = account.user({"Effect": "Allow", "Action": action, "Resource": arn}, name=action[4:])
        sqs = account.client("sqs", key=somebody)
        outcomes.append(refused(sqs.send_message_batch, QueueUrl=queue, Entries=entries))
    assert outcomes == ["", "AccessDenied"]
