// The shared store, with the operations that are sent counted.
import { DeleteItemCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";

export function open(operations) {
  const dynamodb = new DynamoDBClient({});
  const ssm = new SSMClient({});
  for (const [service, client] of [["dynamodb", dynamodb], ["ssm", ssm]]) {
    client.middlewareStack.add(
      (next, context) => (args) => {
        const name = `${service}.${context.commandName.replace(/Command$/, "")}`;
        operations.set(name, (operations.get(name) ?? 0) + 1);
        return next(args);
      },
      { step: "finalizeRequest" },
    );
  }
  const TableName = "peers";
  return {
    sessions: {
      async get(id) {
        const { Item } = await dynamodb.send(
          new GetItemCommand({ TableName, Key: { key: { S: id } }, ConsistentRead: true }),
        );
        return Item && JSON.parse(Item.text.S);
      },
      async set(id, session) {
        await dynamodb.send(
          new PutItemCommand({ TableName, Item: { key: { S: id }, text: { S: JSON.stringify(session) } } }),
        );
      },
      async remove(id) {
        await dynamodb.send(new DeleteItemCommand({ TableName, Key: { key: { S: id } } }));
      },
    },
    async keepToken(name, Value, KeyId) {
      await ssm.send(
        new PutParameterCommand({
          Name: `/peers/${name}`, Value, KeyId, Type: "SecureString", Tier: "Intelligent-Tiering", Overwrite: true,
        }),
      );
    },
  };
}
