/**
 * A client of the AWS SDK for JavaScript v3.
 *
 * The types of the SDK are not named where their package is optional. Otherwise TypeScript needs the package.
 */
export interface AwsClient {
  send(command: never): Promise<unknown>;
}
