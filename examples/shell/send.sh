#!/bin/sh
# Send a WhatsApp message: send.sh 122100000000000001 12025550123 Hello
# If the connection has several phone numbers, PHONE_NUMBER_ID names the one to send from.
# Needs the AWS CLI, curl and jq. Exits with 3 if the person has to connect again.
set -eu

connection_id=$1 to=$2 text=$3
folder=${PARAMETER_PREFIX:-/whatsapp-connect}/connections/$connection_id

parameter() {
  aws ssm get-parameter --with-decryption --name "$1" --query Parameter.Value --output text
}

metadata=$(parameter "$folder/metadata")
field() {
  printf '%s' "$metadata" | jq -r "$1"
}

case $(field .status) in
  expired | revoked)
    echo "Has to be connected again: $(field .status) ($(field .status_reason))" >&2
    exit 3
    ;;
esac

from=${PHONE_NUMBER_ID:-$(field 'if .truncated then empty else .phone_numbers | select(length == 1)[0].id end')}
if [ -z "$from" ]; then
  ids=$(field '[.phone_numbers[].id] | join(", ")')
  if [ -n "$ids" ]; then
    echo "Several phone numbers. Name one in PHONE_NUMBER_ID: $ids" >&2
  else
    echo "The connection has no phone number." >&2
  fi
  exit 1
fi

# Read the version that the metadata describes, so that token and metadata match.
token=$(parameter "$folder/access-token:$(field .token_version)")

# Pass the header through a pipe: every user of the machine can see command lines.
answer=$(
  printf 'Authorization: Bearer %s\n' "$token" |
    curl --silent --show-error --max-time 10 --header @- --header 'Content-Type: application/json' \
      --data "$(jq -n --arg to "$to" --arg text "$text" \
        '{messaging_product: "whatsapp", to: $to, type: "text", text: {body: $text}}')" \
      "${GRAPH_URL:-https://graph.facebook.com}/$(field .graph_version)/$from/messages"
)

# Never print the text of an error: Facebook's text can repeat the token.
case $(printf '%s' "$answer" | jq -r '.error.code // empty') in
  '') printf '%s' "$answer" | jq -r '.messages[0].id' ;;
  0 | 190)
    # Make the stack check the connection within seconds instead of within a day. Version 1 of the AWS CLI does not read
    # the endpoint for SQS from the environment.
    if [ -n "${CHECK_QUEUE_URL:-}" ]; then
      aws sqs send-message ${AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"} \
        --queue-url "$CHECK_QUEUE_URL" --output text \
        --message-body "$(jq -n --arg id "$connection_id" '{connection_id: $id}')" >&2 || true
    fi
    echo "Facebook refused the token: run this again, or have it connected again." >&2
    exit 3
    ;;
  *) echo "Facebook refused: code $(printf '%s' "$answer" | jq -r .error.code)" >&2; exit 1 ;;
esac
