# Who has read the token of one connection: time, who, from where, call, result; separated by tabs.
#
#   jq -r --arg prefix /whatsapp-connect --arg id CONNECTION_ID -f reads.jq
#
# The input is the output of `aws cloudtrail lookup-events` or a file of a trail.

def names: [.name?, .names[]?] | map(strings);

# A name can be an ARN, and end with a version or a label: access-token:7.
def bare: sub("^arn:[^/]*:parameter"; "") | sub(":[^:/]*$"; "");

"\($prefix)/connections/\($id)/access-token" as $token
| if .Records then .Records[] else .Events[].CloudTrailEvent | fromjson end
| (.requestParameters // {}) as $asked
| ($asked.encryptionContext // {}) as $context
| select(
    if .eventSource == "ssm.amazonaws.com" then
      ($asked | names | map(bare) | any(. == $token))
      or (.eventName == "GetParametersByPath"
          and ($asked.path // "" | rtrimstr("/") | . as $path | $token | startswith($path + "/")))
    elif .eventSource == "kms.amazonaws.com" and .eventName == "Decrypt" then
      ($context.PARAMETER_ARN // "" | bare) == $token
      or ($context.connection_id == $id and $context.purpose == "access-token")
    else false end)
| select(.readOnly)
| [
    .eventTime,
    (.userIdentity | .arn // .invokedBy // .principalId // "unknown"),
    .sourceIPAddress,
    if .eventName == "Decrypt" then "Decrypt " + (if $context.connection_id then "record" else "parameter" end)
    else .eventName + (if $asked.withDecryption then "" else " encrypted" end) end,
    .errorCode // "ok"
  ]
| @tsv
