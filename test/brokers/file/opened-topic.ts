import { BodyCodec } from "#src/brokers/body-codec.js";
import { DrivenTopic } from "#src/brokers/driven-topic.js";
import { openFileTopic, type TopicFiles } from "#src/brokers/file/file-topic.js";

/** A durable topic as `openTopic` gives it, through files of the test's own. */
export async function openedTopic<T>(path: string, files: TopicFiles): Promise<DrivenTopic<T>> {
  const driver = await openFileTopic({ name: path, shown: path }, "open", files);
  return new DrivenTopic<T>(path, driver, new BodyCodec<T>({}, "open"));
}
