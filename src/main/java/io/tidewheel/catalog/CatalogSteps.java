package io.tidewheel.catalog;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What queues still have to do for what the catalog has recorded: open or close a subscription,
 * store a deletion. Follows from the topics alone, so it can be found again at any time; the calls
 * that are out at once are bounded, and a queue has one call for a subscription out at most, so
 * that an opening never overtakes the closing that was asked after it.
 */
final class CatalogSteps {
  enum Kind {
    OPEN,
    CLOSE,
    DELETE
  }

  /** A task over all queues of a topic; {@code subscriptionUid} is 0 for a deletion. */
  record Task(Kind kind, long topicUid, long subscriptionUid) {
    CatalogLog.RecordStep whenDone() {
      return switch (kind) {
        case OPEN -> new CatalogLog.RecordOpened(topicUid, subscriptionUid);
        case CLOSE -> new CatalogLog.RecordClosed(topicUid, subscriptionUid);
        case DELETE -> new CatalogLog.RecordDeleted(topicUid);
      };
    }
  }

  /** One queue's part of a task. */
  record Step(Task task, int queue) {
    private Slot slot() {
      return new Slot(task.topicUid(), task.subscriptionUid(), queue);
    }
  }

  /** A call to make. */
  record Call(long id, Step step) {}

  private record Slot(long topicUid, long subscriptionUid, int queue) {}

  private static final class Progress {
    private final Set<Integer> openQueues = new HashSet<>();
    private final Map<Integer, Integer> failureCounts = new HashMap<>();
  }

  private final int maxParallel;
  private final Map<Task, Progress> tasks = new LinkedHashMap<>();
  private final Map<Long, Set<Task>> tasksByTopic = new HashMap<>();
  private final Deque<Step> ready = new ArrayDeque<>();
  private final Map<Long, Step> callsById = new HashMap<>();
  private final Set<Slot> busy = new HashSet<>();
  private long nextCallId = 1;

  CatalogSteps(int maxParallel) {
    this.maxParallel = maxParallel;
  }

  /**
   * Takes over what a topic needs now.
   *
   * @param topic null if it is gone
   */
  void onTopic(long topicUid, @Nullable Topic topic) {
    Set<Task> wanted = topic == null ? Set.of() : wantedOf(topic);
    Set<Task> existing = tasksByTopic.getOrDefault(topicUid, Set.of());
    for (Task task : existing) {
      if (!wanted.contains(task)) {
        tasks.remove(task);
      }
    }
    for (Task task : wanted) {
      if (topic != null && !existing.contains(task)) {
        begin(task, topic.settings().queues());
      }
    }
    if (wanted.isEmpty()) {
      tasksByTopic.remove(topicUid);
    } else {
      tasksByTopic.put(topicUid, wanted);
    }
  }

  /** Takes over what all topics need, and forgets topics that are gone. */
  void onLoaded(CatalogSnapshot snapshot) {
    for (long topicUid : List.copyOf(tasksByTopic.keySet())) {
      if (snapshot.topic(topicUid) == null) {
        onTopic(topicUid, null);
      }
    }
    snapshot.topics().values().forEach(topic -> onTopic(topic.uid(), topic));
  }

  private static Set<Task> wantedOf(Topic topic) {
    if (topic.isDeleting()) {
      return Set.of(new Task(Kind.DELETE, topic.uid(), 0));
    }
    Set<Task> wanted = new HashSet<>();
    for (Topic.Subscription subscription : topic.subscriptions().values()) {
      if (subscription.stage() != Topic.Stage.OPEN) {
        Kind kind = subscription.stage() == Topic.Stage.OPENING ? Kind.OPEN : Kind.CLOSE;
        wanted.add(new Task(kind, topic.uid(), subscription.uid()));
      }
    }
    return wanted;
  }

  private void begin(Task task, int queues) {
    Progress progress = new Progress();
    for (int queue = 0; queue < queues; queue++) {
      progress.openQueues.add(queue);
      ready.add(new Step(task, queue));
    }
    tasks.put(task, progress);
  }

  /** The calls that can be made now; each ends with {@link #onEnded}. */
  List<Call> takeCalls() {
    List<Call> calls = new ArrayList<>();
    for (int i = ready.size(); i > 0 && callsById.size() < maxParallel; i--) {
      Step step = ready.remove();
      Progress progress = tasks.get(step.task());
      if (progress == null || !progress.openQueues.contains(step.queue())) {
        continue;
      }
      if (!busy.add(step.slot())) {
        ready.add(step);
        continue;
      }
      Call call = new Call(nextCallId++, step);
      callsById.put(call.id(), step);
      calls.add(call);
    }
    return calls;
  }

  /** What the end of a call means. */
  sealed interface Ended {}

  /** Nothing more to do for now. */
  record Noted() implements Ended {}

  /** The last queue of the task has done its part. */
  record Completed(Task task) implements Ended {}

  /**
   * To be tried again later.
   *
   * @param failureCount how often this step has failed, from 1
   */
  record Failed(Step step, int failureCount) implements Ended {}

  /** A call has succeeded, failed or timed out; the first word counts. */
  Ended onEnded(long callId, boolean isDone) {
    Step step = callsById.remove(callId);
    if (step == null) {
      return new Noted();
    }
    busy.remove(step.slot());
    Progress progress = tasks.get(step.task());
    if (progress == null) {
      return new Noted();
    }
    if (!isDone) {
      return new Failed(step, progress.failureCounts.merge(step.queue(), 1, Integer::sum));
    }
    progress.openQueues.remove(step.queue());
    return progress.openQueues.isEmpty() ? new Completed(step.task()) : new Noted();
  }

  void retry(Step step) {
    ready.add(step);
  }

  /** Tasks that every queue has done but the catalog has not recorded yet. */
  List<Task> completedTasks() {
    return tasks.entrySet().stream()
        .filter(entry -> entry.getValue().openQueues.isEmpty())
        .map(Map.Entry::getKey)
        .toList();
  }
}
