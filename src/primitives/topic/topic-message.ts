/** A message as one subscriber has it. */
export interface TopicMessage<T> {
  readonly value: T;
  /** What it was published with; empty without a key. */
  readonly key: string;
  /** Its number among all messages of the topic, counted from 0 when it was made. */
  readonly sequence: number;
  /** How many messages of the topic, of whatever key, this subscriber has missed since the one before. */
  readonly missed: number;
}
