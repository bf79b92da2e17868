package io.tidewheel.catalog;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.typed.PersistenceId;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.catalog.SubscriptionSettingsPatch.Start;
import io.tidewheel.journal.Decision;
import io.tidewheel.journal.FencedLog;
import io.tidewheel.message.Names;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The core of the catalog: decides on changes and stores them. One per cluster, under one
 * persistence id; {@link Catalog} is its front.
 */
final class CatalogLog
    extends FencedLog<CatalogLog.Command, CatalogLog.Result, CatalogState, CatalogEvent> {
  static final String PERSISTENCE_ID = "catalog";
  static final String REDRIVE = "redrive";

  /** More than the tens of thousands a cluster is built for, and still small in memory. */
  static final int MAX_TOPICS = 100_000;

  /** Keeps a topic with all its subscriptions well below one frame between nodes. */
  static final int MAX_SUBSCRIPTIONS = 1_000;

  /** What the core takes from its front. */
  sealed interface Command permits CatalogChange, RecordStep, Several, Load, Check {}

  /** Queues have done what a record asked of them. */
  sealed interface RecordStep extends Command {}

  record RecordOpened(long topicUid, long subscriptionUid) implements RecordStep {}

  record RecordClosed(long topicUid, long subscriptionUid) implements RecordStep {}

  record RecordDeleted(long topicUid) implements RecordStep {}

  /** Decide these in order, each seeing what those before it store, and store all together. */
  record Several(List<Command> commands) implements Command {}

  /** Everything that is stored, for a front that knows nothing yet. */
  record Load() implements Command {}

  /** Nothing but the proof that this node still speaks for the catalog. */
  record Check() implements Command {}

  /** What came of a command. */
  sealed interface Result {}

  /**
   * Stored.
   *
   * @param isLast whether the command is done; else it is to be given again for its next event
   */
  record Stored(CatalogEvent event, boolean isLast) implements Result {}

  /** Everything is as the command wants it, or on its way there. */
  record Unchanged(long topicUid, long subscriptionUid) implements Result {}

  record Refused(CatalogClient.Reply reply) implements Result {}

  /** What came of {@link Several}, in order. */
  record Results(List<Result> results) implements Result {}

  /** A copy; the front may change it. */
  record Loaded(CatalogState state) implements Result {}

  record Checked() implements Result {}

  private final TopicSettings defaults;
  private final InstantSource clock;

  private CatalogLog(
      ActorContext<Request<Command, Result>> context,
      Ownership ownership,
      TopicSettings defaults,
      InstantSource clock) {
    super(context, PersistenceId.ofUniqueId(PERSISTENCE_ID), ownership);
    this.defaults = defaults;
    this.clock = clock;
  }

  static Behavior<Request<Command, Result>> create(
      Ownership ownership, TopicSettings defaults, InstantSource clock) {
    return Behaviors.setup(context -> new CatalogLog(context, ownership, defaults, clock));
  }

  @Override
  protected CatalogState initialState() {
    return CatalogState.empty();
  }

  /** Nobody reads the catalog's rows back: what two snapshots cover may go. */
  @Override
  protected long deletableRowsAt(CatalogState state, long olderSnapshotSeqNr) {
    return olderSnapshotSeqNr;
  }

  @Override
  protected Decision<CatalogEvent, Result> decide(CatalogState state, Command command) {
    if (command instanceof CatalogChange change) {
      return decide(state, change);
    }
    if (command instanceof RecordStep step) {
      return decide(state, step);
    }
    if (command instanceof Several several) {
      return decideSeveral(state, several.commands());
    }
    return Decision.reply(command instanceof Load ? new Loaded(state.copy()) : new Checked());
  }

  private Decision<CatalogEvent, Result> decideSeveral(CatalogState state, List<Command> commands) {
    CatalogState after = state.copy();
    List<CatalogEvent> events = new ArrayList<>();
    List<Result> results = new ArrayList<>();
    for (Command command : commands) {
      Decision<CatalogEvent, Result> decision = decide(after, command);
      CatalogEvent event = decision.event();
      if (event != null) {
        after.apply(event);
        events.add(event);
      }
      results.add(decision.result());
    }
    if (events.isEmpty()) {
      return Decision.reply(new Results(results));
    }
    CatalogEvent event =
        events.size() == 1 ? events.get(0) : new CatalogEvent.Several(List.copyOf(events));
    return Decision.persist(event, new Results(results));
  }

  private Decision<CatalogEvent, Result> decide(CatalogState state, CatalogChange change) {
    if (change instanceof CatalogChange.PutTopic put) {
      return onPutTopic(state, put.topic(), put.patch(), put.ifRevision());
    }
    if (change instanceof CatalogChange.EnsureTopic ensure) {
      return onPutTopic(state, ensure.topic(), noPatch(), null);
    }
    if (change instanceof CatalogChange.EnsureDeadLetterTopic ensure) {
      return onEnsureDeadLetterTopic(state, ensure);
    }
    if (change instanceof CatalogChange.DeleteTopic delete) {
      return onDeleteTopic(state, delete);
    }
    if (change instanceof CatalogChange.PutSubscription put) {
      return onPutSubscription(
          state, put.topic(), put.subscription(), put.patch(), put.ifRevision());
    }
    if (change instanceof CatalogChange.EnsureSubscription ensure) {
      return onPutSubscription(state, ensure.topic(), ensure.subscription(), noPatch(), null);
    }
    if (change instanceof CatalogChange.DeleteSubscription delete) {
      return onDeleteSubscription(
          state, delete.topic(), delete.subscription(), null, delete.ifRevision());
    }
    CatalogChange.ExpireSubscription it = (CatalogChange.ExpireSubscription) change;
    return onDeleteSubscription(
        state, it.topic(), it.subscription(), it.subscriptionUid(), it.ifRevision());
  }

  private Decision<CatalogEvent, Result> decide(CatalogState state, RecordStep step) {
    if (step instanceof RecordDeleted deleted) {
      Topic topic = state.snapshot().topic(deleted.topicUid());
      return topic == null || !topic.isDeleting()
          ? unchanged(deleted.topicUid(), 0)
          : stored(new CatalogEvent.TopicRemoved(deleted.topicUid()));
    }
    if (step instanceof RecordOpened opened) {
      return state.isAt(opened.topicUid(), opened.subscriptionUid(), Topic.Stage.OPENING)
          ? stored(new CatalogEvent.SubscriptionOpened(opened.topicUid(), opened.subscriptionUid()))
          : unchanged(opened.topicUid(), opened.subscriptionUid());
    }
    RecordClosed closed = (RecordClosed) step;
    return state.isAt(closed.topicUid(), closed.subscriptionUid(), Topic.Stage.CLOSING)
        ? stored(new CatalogEvent.SubscriptionRemoved(closed.topicUid(), closed.subscriptionUid()))
        : unchanged(closed.topicUid(), closed.subscriptionUid());
  }

  private Decision<CatalogEvent, Result> onPutTopic(
      CatalogState state, String name, ObjectNode patch, @Nullable Long ifRevision) {
    Topic topic = state.snapshot().topics().get(name);
    if (topic == null) {
      return createTopic(state, name, patch, ifRevision);
    }
    if (topic.isDeleting()) {
      return CatalogRefusals.beingDeleted(topic);
    }
    if (ifRevision != null && ifRevision != topic.revision()) {
      return CatalogRefusals.otherRevision(ifRevision, topic.revision());
    }
    TopicSettingsPatch patched = TopicSettingsPatch.of(topic.settings(), defaultsOf(name), patch);
    if (!patched.errors().isEmpty()) {
      return CatalogRefusals.refused(new CatalogClient.Invalid(patched.errors()));
    }
    if (patched.settings().queues() != topic.settings().queues()) {
      return CatalogRefusals.conflict(
          "queues is fixed at creation: topic "
              + name
              + " has "
              + topic.settings().queues()
              + ", not "
              + patched.settings().queues());
    }
    return patched.settings().equals(topic.settings())
        ? unchanged(topic.uid(), 0)
        : stored(new CatalogEvent.TopicChanged(topic.uid(), patched.settings()));
  }

  private Decision<CatalogEvent, Result> createTopic(
      CatalogState state, String name, ObjectNode patch, @Nullable Long ifRevision) {
    if (!Names.isValid(name)) {
      return CatalogRefusals.invalidName(name);
    }
    if (ifRevision != null) {
      return CatalogRefusals.conflict(
          "expected revision " + ifRevision + ", but there is no topic " + name);
    }
    TopicSettingsPatch patched = TopicSettingsPatch.of(defaults, defaults, patch);
    if (!patched.errors().isEmpty()) {
      return CatalogRefusals.refused(new CatalogClient.Invalid(patched.errors()));
    }
    return createTopic(state, name, patched.settings(), true);
  }

  private Decision<CatalogEvent, Result> createTopic(
      CatalogState state, String name, TopicSettings settings, boolean isLast) {
    if (state.snapshot().topics().size() >= MAX_TOPICS) {
      return CatalogRefusals.conflict("there are " + MAX_TOPICS + " topics, the most there may be");
    }
    CatalogEvent event =
        new CatalogEvent.TopicCreated(state.nextUid(), name, clock.millis(), settings);
    return Decision.persist(event, new Stored(event, isLast));
  }

  private Decision<CatalogEvent, Result> onEnsureDeadLetterTopic(
      CatalogState state, CatalogChange.EnsureDeadLetterTopic ensure) {
    Topic source = state.snapshot().topic(ensure.topic());
    if (source == null || source.subscription(ensure.subscription()) == null) {
      return CatalogRefusals.notFound(source, ensure.topic(), ensure.subscription());
    }
    String name = Names.deadLetterTopic(ensure.topic(), ensure.subscription());
    Topic topic = state.snapshot().topics().get(name);
    if (topic == null) {
      return createTopic(state, name, defaultsOf(name), false);
    }
    if (topic.isDeleting()) {
      return CatalogRefusals.beingDeleted(topic);
    }
    Topic.Subscription redrive = topic.subscription(REDRIVE);
    return redrive == null
        ? createSubscription(state, topic, REDRIVE, SubscriptionSettings.DEFAULTS, null, true)
        : unchanged(topic.uid(), redrive.uid());
  }

  private Decision<CatalogEvent, Result> onDeleteTopic(
      CatalogState state, CatalogChange.DeleteTopic delete) {
    Topic topic = state.snapshot().topics().get(delete.topic());
    if (topic == null) {
      return CatalogRefusals.notFound(null, delete.topic(), "");
    }
    if (topic.isDeleting()) {
      return unchanged(topic.uid(), 0);
    }
    return delete.ifRevision() != null && delete.ifRevision() != topic.revision()
        ? CatalogRefusals.otherRevision(delete.ifRevision(), topic.revision())
        : stored(new CatalogEvent.TopicDeleting(topic.uid()));
  }

  private Decision<CatalogEvent, Result> onPutSubscription(
      CatalogState state,
      String topicName,
      String name,
      ObjectNode patch,
      @Nullable Long ifRevision) {
    Topic topic = state.snapshot().topics().get(topicName);
    if (topic == null || topic.isDeleting()) {
      return topic == null
          ? CatalogRefusals.notFound(null, topicName, name)
          : CatalogRefusals.beingDeleted(topic);
    }
    Topic.Subscription subscription = topic.subscription(name);
    if (subscription != null && subscription.stage() == Topic.Stage.CLOSING) {
      return CatalogRefusals.beingDeleted(topic, subscription);
    }
    SubscriptionSettingsPatch patched =
        SubscriptionSettingsPatch.of(
            subscription == null ? SubscriptionSettings.DEFAULTS : subscription.settings(), patch);
    if (subscription == null && !Names.isValid(name)) {
      return CatalogRefusals.invalidName(name);
    }
    long revision = subscription == null ? 0 : subscription.revision();
    if (ifRevision != null && ifRevision != revision) {
      return subscription == null
          ? CatalogRefusals.conflict(
              "expected revision " + ifRevision + ", but there is no subscription " + name)
          : CatalogRefusals.otherRevision(ifRevision, revision);
    }
    if (!patched.errors().isEmpty()) {
      return CatalogRefusals.refused(new CatalogClient.Invalid(patched.errors()));
    }
    return subscription == null
        ? createSubscription(state, topic, name, patched.settings(), patched.start(), false)
        : changeSubscription(topic, subscription, patched);
  }

  private Decision<CatalogEvent, Result> createSubscription(
      CatalogState state,
      Topic topic,
      String name,
      SubscriptionSettings settings,
      @Nullable Start wanted,
      boolean isBuiltIn) {
    if (topic.subscriptions().size() >= MAX_SUBSCRIPTIONS) {
      return CatalogRefusals.conflict(
          "topic " + topic.name() + " has " + MAX_SUBSCRIPTIONS + " subscriptions, the most");
    }
    Start byDefault = isBuiltIn || topic.subscriptions().isEmpty() ? Start.EARLIEST : Start.LATEST;
    Start start = wanted == null ? byDefault : wanted;
    return stored(
        new CatalogEvent.SubscriptionCreated(
            topic.uid(),
            state.nextUid(),
            name,
            clock.millis(),
            settings,
            start.position(),
            start.atMillis(),
            isBuiltIn));
  }

  private Decision<CatalogEvent, Result> changeSubscription(
      Topic topic, Topic.Subscription subscription, SubscriptionSettingsPatch patched) {
    Start start = new Start(subscription.start(), subscription.startsAtMillis());
    if (patched.start() != null && !Objects.equals(patched.start(), start)) {
      return CatalogRefusals.conflict(
          "start is fixed at creation: subscription "
              + subscription.name()
              + " starts at "
              + SettingsJson.of(subscription).get("start").asText()
              + "; seek moves it");
    }
    return patched.settings().equals(subscription.settings())
        ? unchanged(topic.uid(), subscription.uid())
        : stored(
            new CatalogEvent.SubscriptionChanged(
                topic.uid(), subscription.uid(), patched.settings()));
  }

  /** A uid or a revision that is given must be the subscription's. */
  private Decision<CatalogEvent, Result> onDeleteSubscription(
      CatalogState state,
      String topicName,
      String name,
      @Nullable Long ifUid,
      @Nullable Long ifRevision) {
    Topic topic = state.snapshot().topic(topicName);
    Topic.Subscription subscription = topic == null ? null : topic.subscription(name);
    if (topic == null || subscription == null || (ifUid != null && ifUid != subscription.uid())) {
      return CatalogRefusals.notFound(topic, topicName, name);
    }
    if (subscription.isBuiltIn()) {
      return CatalogRefusals.conflict(
          "subscription " + subscription.name() + " is built in: it goes with its topic");
    }
    if (subscription.stage() == Topic.Stage.CLOSING) {
      return unchanged(topic.uid(), subscription.uid());
    }
    return ifRevision != null && ifRevision != subscription.revision()
        ? CatalogRefusals.otherRevision(ifRevision, subscription.revision())
        : stored(new CatalogEvent.SubscriptionClosing(topic.uid(), subscription.uid()));
  }

  /** Dead letters are few and have no order worth more than one queue. */
  private TopicSettings defaultsOf(String name) {
    return Names.isDeadLetterTopic(name) ? TopicSettings.defaults(1) : defaults;
  }

  private static ObjectNode noPatch() {
    return JsonNodeFactory.instance.objectNode();
  }

  private static Decision<CatalogEvent, Result> stored(CatalogEvent event) {
    return Decision.persist(event, new Stored(event, true));
  }

  private static Decision<CatalogEvent, Result> unchanged(long topicUid, long subscriptionUid) {
    return Decision.reply(new Unchanged(topicUid, subscriptionUid));
  }
}
