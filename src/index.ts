export type {
  AsyncMessage,
  AsyncPutOptions,
  AsyncQueue,
  MessageHeaders,
  QueueCapability,
} from "./async-queue.js";
export type {
  AsyncPublishOptions,
  AsyncSubscription,
  AsyncTopic,
  AsyncTopicMessage,
  SubscribeOptions,
  TopicCapability,
} from "./async-topic.js";
export type { OpenQueueOptions, OpenTopicOptions } from "./brokers/broker.js";
export { openQueue } from "./brokers/open-queue.js";
export { openTopic } from "./brokers/open-topic.js";
export { openRabbit } from "./brokers/rabbit/open-rabbit.js";
export type { Rabbit } from "./brokers/rabbit/rabbit.js";
export type { RabbitConsumer } from "./brokers/rabbit/rabbit-consumer.js";
export type { RabbitMessage } from "./brokers/rabbit/rabbit-message.js";
export type {
  BindOptions,
  ConsumeOptions,
  ExchangeDeclareOptions,
  OpenRabbitOptions,
  QueueDeclared,
  QueueDeclareOptions,
  RabbitCallOptions,
  RabbitExchangeType,
  RabbitProperties,
  RabbitPublishOptions,
  RabbitQueueType,
  RabbitReturned,
  RabbitTable,
  RabbitValue,
} from "./brokers/rabbit/rabbit-options.js";
export type { CallsByUrlOptions, ExposeAtOptions, RemoteAtOptions } from "./calls/calls-options.js";
export { type ExposedAt, exposeAt } from "./calls/expose-at.js";
export { remoteAt } from "./calls/remote-at.js";
export type {
  AsyncConnection,
  Claim,
  Connection,
  Lease,
  Peer,
  RecvBytesOptions,
  RecvIntoOptions,
  SendBytesOptions,
} from "./channel.js";
export type { PickleGlobal, PickleGlobals } from "./codec/pickle/own-globals.js";
export {
  type PickleCodec,
  type PickleDecodeOptions,
  type PickleOptions,
  pickleCodec,
} from "./codec/pickle/pickle-codec.js";
export * from "./codec/pickle/python-values.js";
export { type ClassOptions, registerClass } from "./codec.js";
export type { SyncWaitOptions, WaitOptions } from "./deadline.js";
export type {
  CallEvent,
  ConnectEvent,
  GetEvent,
  LockEvent,
  ProcessEvent,
  PutEvent,
  SentEvent,
  TaskEvent,
  TaskRunEvent,
} from "./diagnostics.js";
export * from "./errors.js";
export { type Gateway, gateway } from "./gateway/gateway.js";
export type { GatewayOptions, GatewayToken } from "./gateway/gateway-options.js";
export { type GatewayServer, type ServeGatewayOptions, serveGateway } from "./gateway/serve-gateway.js";
export { Barrier, type BarrierOptions, type BarrierUse } from "./primitives/locks/barrier.js";
export { BoundedSemaphore } from "./primitives/locks/bounded-semaphore.js";
export { Condition } from "./primitives/locks/condition.js";
export { Lock, LockHold } from "./primitives/locks/lock.js";
export { RLock, RLockHold } from "./primitives/locks/rlock.js";
export { RWLock } from "./primitives/locks/rwlock.js";
export { Permit, Semaphore, type SemaphoreOptions } from "./primitives/locks/semaphore.js";
export { SharedEvent } from "./primitives/locks/shared-event.js";
export type { EntryOptions, SharedMapOptions } from "./primitives/map/map-options.js";
export { SharedMap, type SharedMapStats } from "./primitives/map/shared-map.js";
export type { ElementDelta, ElementKind, ElementValue, ElementView } from "./primitives/memory/element-kinds.js";
export { MappedFile, type MappedFileOptions } from "./primitives/memory/mapped-file.js";
export { ShareableList, type ShareableListOptions, type ShareableSlot } from "./primitives/memory/shareable-list.js";
export type { ShareableValue } from "./primitives/memory/shareable-value.js";
export { type ArrayContent, SharedArray } from "./primitives/memory/shared-array.js";
export {
  type OpenSharedMemoryOptions,
  SharedMemory,
  type SharedMemoryOptions,
  type ViewOptions,
} from "./primitives/memory/shared-memory.js";
export { SharedValue } from "./primitives/memory/shared-value.js";
export { type PipeOptions, pipe } from "./primitives/pipe/pipe.js";
export { PriorityQueue } from "./primitives/queue/priority-queue.js";
export { Queue } from "./primitives/queue/queue.js";
export { QueueMessage } from "./primitives/queue/queue-message.js";
export type { PutOptions, QueueOptions } from "./primitives/queue/queue-options.js";
export { Stack } from "./primitives/queue/stack.js";
export type { SharedObjectOptions } from "./primitives/shared-object.js";
export { Subscription } from "./primitives/topic/subscription.js";
export { type PublishOptions, Topic } from "./primitives/topic/topic.js";
export type { TopicOptions } from "./primitives/topic/topic-making.js";
export type { TopicMessage } from "./primitives/topic/topic-message.js";
export { wait } from "./primitives/wait.js";
export { waitSync } from "./primitives/wait-sync.js";
export { type CurrentProcess, currentProcess, type ParentProcess } from "./processes/current-process.js";
export { isMain } from "./processes/is-main.js";
export type { ManagedCounter } from "./processes/manager/managed-counter.js";
export type { ManagedDict } from "./processes/manager/managed-dict.js";
export type { ManagedList } from "./processes/manager/managed-list.js";
export type { ManagedNamespace } from "./processes/manager/managed-namespace.js";
export type { Managed, ManagedHandle } from "./processes/manager/managed-reference.js";
export type { ManagedSet } from "./processes/manager/managed-set.js";
export { Manager, type ManagerOptions } from "./processes/manager/manager.js";
export { onShutdown, type ShutdownOptions } from "./processes/on-shutdown.js";
export { type CurrentTask, currentTask } from "./processes/pool/current-task.js";
export type { Progress } from "./processes/pool/items-feed.js";
export { Pool } from "./processes/pool/pool.js";
export type { PoolCalls } from "./processes/pool/pool-calls.js";
export type { CallOptions, ImapOptions, MapOptions, PoolOptions } from "./processes/pool/pool-options.js";
export type { PoolResults } from "./processes/pool/pool-results.js";
export { activeChildren, type Exit, Process } from "./processes/process.js";
export { Program } from "./processes/program.js";
export { attach, share } from "./processes/share.js";
export { type SpawnOptions, spawn } from "./processes/spawn.js";
export { type ProgramConnection, type ProgramOptions, spawnProgram } from "./processes/spawn-program.js";
export { type ModuleLike, type Task, task } from "./processes/task.js";
export { type ConnectManagerOptions, connectManager } from "./python/connect-manager.js";
export type { Keywords } from "./python/manager-door.js";
export type { ManagerRegistry } from "./python/manager-registry.js";
export type { ManagerServer } from "./python/manager-server.js";
export type { ManagerToken } from "./python/manager-token.js";
export type { PythonDict } from "./python/python-dict.js";
export type { PythonEvent } from "./python/python-event.js";
export type { PythonList } from "./python/python-list.js";
export type { PythonLock } from "./python/python-lock.js";
export type { PythonManager } from "./python/python-manager.js";
export type { PythonNamespace } from "./python/python-namespace.js";
export { type ProxyCallOptions, PythonProxy } from "./python/python-proxy.js";
export type { PythonQueue } from "./python/python-queue.js";
export type { PythonValue } from "./python/python-value.js";
export { type ServeManagerOptions, serveManager } from "./python/serve-manager.js";
export { type QueueLike, ServedQueue } from "./python/served-queue.js";
export type { Readiness, Waitable } from "./readiness.js";
export { type Exposed, type ExposeOptions, expose } from "./rpc/expose.js";
export { type Remote, type RemoteOptions, type RemoteResult, remote } from "./rpc/remote.js";
export type { TracedEvent } from "./traced-channel.js";
export { type ConnectOptions, connect } from "./transports/connect.js";
export type { Allowed, ConnectionOptions, FramingName, TlsOptions } from "./transports/connection-options.js";
export { type ListenOptions, listen } from "./transports/listen.js";
export { Listener } from "./transports/listener.js";
export type { CodecName, MessageCodec } from "./transports/message-codec.js";
export type { ReconnectOptions } from "./transports/reconnecting-connection.js";
export type { StandardSchema } from "./transports/standard-schema.js";
export { bindUdp, type UdpOptions } from "./transports/udp.js";
export type { Datagram, UdpSocket } from "./transports/udp-socket.js";
