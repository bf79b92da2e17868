package io.tidewheel.queue;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.typed.PersistenceId;
import io.tidewheel.journal.Decision;
import io.tidewheel.journal.FencedLog;
import io.tidewheel.message.Message;
import io.tidewheel.queue.QueueEvent.DecidedAppend;
import io.tidewheel.queue.QueueEvent.MessagesAppended;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The core of a queue: decides what is stored, one command at a time, one row per command.
 *
 * <ol>
 *   <li>All appends that wait together become one {@link MessagesAppended}; their publishers are
 *       answered only after it is stored and flushed.
 *   <li>A number that a sender repeats, and an id that a user repeats within the topic's window,
 *       get the first answer and store nothing.
 *   <li>Who reads the queue is decided here, in the order of the messages: an open subscription
 *       gets every message from its start offset on.
 *   <li>After {@link QueueEvent.QueueDeleted} nothing is ever stored again.
 * </ol>
 *
 * <p>Everything in {@link QueueState} survives a restart.
 */
final class QueueLog extends FencedLog<QueueLog.Command, QueueLog.Result, QueueState, QueueEvent> {

  /** As a start offset: after the newest message. */
  static final long AT_END = Long.MAX_VALUE;

  /** What the front asks for. */
  sealed interface Command {}

  /** Recover, and say where the log stands. */
  record Load() implements Command {}

  /**
   * Store the messages of these appends, in order.
   *
   * @param ids how ids are remembered now
   */
  record Commit(List<Queue.Append> appends, IdPolicy ids) implements Command {}

  /** Ids stored within the window, and among the newest {@code count}, are repeats. */
  record IdPolicy(long windowMillis, int count) {}

  /**
   * Open a subscription.
   *
   * @param startOffset where it begins; {@link #AT_END} for after the newest message
   */
  record Open(long subscriptionUid, long startOffset) implements Command {}

  record Close(long subscriptionUid) implements Command {}

  record Delete() implements Command {}

  /**
   * Let the log begin at the last checkpoint at or before an offset that recovery does not need.
   *
   * @param isEager whether to take a checkpoint if that is what is missing
   */
  record Trim(long upToOffset, boolean isEager) implements Command {}

  /** Delete what is trimmed but still there. */
  record FinishTrim() implements Command {}

  /** What the front gets. */
  sealed interface Result {}

  /** Where the log stands after recovery. */
  record Loaded(
      LogMark start,
      LogMark end,
      long checksum,
      List<LogMark> marks,
      boolean isDeleted,
      Map<Long, Long> openSubscriptions)
      implements Result {}

  /**
   * The appends are decided.
   *
   * @param replies one per append, in order
   * @param batch what was stored; null if nothing was
   */
  record Committed(List<AppendReply> replies, @Nullable MessageBatch batch) implements Result {}

  /**
   * The subscription is open.
   *
   * @param startOffset where it was opened, now or before
   */
  record Opened(long startOffset) implements Result {}

  /** The subscription is closed; also the answer to an opening that comes after it. */
  record Closed() implements Result {}

  /**
   * What came of a {@link Trim}.
   *
   * @param start where the log begins now
   * @param isWorthRepeating whether a checkpoint was taken, so that more may go now
   */
  record TrimDone(LogMark start, boolean isWorthRepeating) implements Result {}

  /** The queue is deleted: for {@link Delete}, and for every command that comes later. */
  record Deleted() implements Result {}

  private final int queue;
  private final InstantSource clock;

  private QueueLog(
      ActorContext<Request<Command, Result>> context,
      long topicUid,
      int queue,
      InstantSource clock,
      Ownership ownership) {
    super(context, PersistenceId.ofUniqueId(persistenceId(topicUid, queue)), ownership);
    this.queue = queue;
    this.clock = clock;
  }

  static Behavior<Request<Command, Result>> create(
      long topicUid, int queue, InstantSource clock, Ownership ownership) {
    return Behaviors.setup(context -> new QueueLog(context, topicUid, queue, clock, ownership));
  }

  /** Stable for ever: the uid of a topic never comes back. */
  static String persistenceId(long topicUid, int queue) {
    return "queue|" + topicUid + '|' + queue;
  }

  @Override
  protected QueueState initialState() {
    return new QueueState();
  }

  @Override
  protected Decision<QueueEvent, Result> decide(QueueState state, Command command) {
    if (command instanceof Load) {
      return Decision.reply(
          new Loaded(
              state.start(),
              new LogMark(state.nextOffset(), 0, state.storedBytes(), state.lastAtMillis()),
              state.checksum(),
              state.marks().all(),
              state.isDeleted(),
              Map.copyOf(state.openSubscriptions())));
    }
    if (state.isDeleted()) {
      return Decision.reply(new Deleted());
    }
    if (command instanceof Commit commit) {
      return new CommitDecision(state, commit.ids(), now(state)).decide(commit.appends());
    }
    if (command instanceof Open open) {
      return decideOpen(state, open);
    }
    if (command instanceof Close close) {
      // Also one that is not open: its opening may still be on its way.
      return state.isClosed(close.subscriptionUid())
          ? Decision.reply(new Closed())
          : Decision.persist(
              new QueueEvent.SubscriptionClosed(close.subscriptionUid()), new Closed());
    }
    if (command instanceof Trim trim) {
      return decideTrim(state, trim);
    }
    return command instanceof FinishTrim
        ? Decision.trim(new TrimDone(state.start(), false))
        : Decision.persist(new QueueEvent.QueueDeleted(), new Deleted());
  }

  private Decision<QueueEvent, Result> decideTrim(QueueState state, Trim trim) {
    long kept = oldestKeptCheckpoint();
    long upTo = Math.min(trim.upToOffset(), state.nextOffset());
    LogMark mark = state.marks().atOrBefore(upTo, kept);
    if (mark != null) {
      return Decision.persist(
          new QueueEvent.Trimmed(mark.offset(), mark.seqNr(), mark.bytes()),
          new TrimDone(mark, false));
    }
    LogMark newest = state.marks().last();
    boolean isUnmarked = (newest == null ? state.start() : newest).offset() < upTo;
    boolean isUncovered = state.marks().atOrBefore(upTo) != null;
    return trim.isEager() && (isUnmarked || isUncovered)
        ? Decision.checkpoint(
            new TrimDone(state.start(), isUncovered || upTo == state.nextOffset()))
        : Decision.reply(new TrimDone(state.start(), false));
  }

  @Override
  protected long trimmedRows(QueueState state) {
    return state.start().seqNr();
  }

  private static Decision<QueueEvent, Result> decideOpen(QueueState state, Open open) {
    if (state.isClosed(open.subscriptionUid())) {
      return Decision.reply(new Closed());
    }
    Long known = state.openSubscriptions().get(open.subscriptionUid());
    if (known != null) {
      return Decision.reply(new Opened(known));
    }
    long startOffset =
        Math.max(state.start().offset(), Math.min(open.startOffset(), state.nextOffset()));
    return Decision.persist(
        new QueueEvent.SubscriptionOpened(open.subscriptionUid(), startOffset),
        new Opened(startOffset));
  }

  @Override
  protected boolean isEnded(QueueState state) {
    return state.isDeleted();
  }

  private long now(QueueState state) {
    return Math.max(clock.millis(), state.lastAtMillis());
  }

  private record Numbered(SenderId sender, long number) {}

  /** Decides the appends of one commit, each seeing what the ones before it will have stored. */
  private final class CommitDecision {
    private final QueueState state;
    private final IdPolicy policy;
    private final long atMillis;
    private final List<Message> stored = new ArrayList<>();
    private final List<DecidedAppend> decided = new ArrayList<>();
    private final Map<Numbered, AppendReply> replies = new HashMap<>();
    private final Map<IdWindow.IdHash, IdWindow.Entry> newIds = new HashMap<>();

    CommitDecision(QueueState state, IdPolicy policy, long atMillis) {
      this.state = state;
      this.policy = policy;
      this.atMillis = atMillis;
    }

    Decision<QueueEvent, Result> decide(List<Queue.Append> appends) {
      List<AppendReply> inOrder = new ArrayList<>(appends.size());
      for (Queue.Append append : appends) {
        inOrder.add(
            replies.computeIfAbsent(
                new Numbered(append.sender(), append.number()), number -> decide(append)));
      }
      if (stored.isEmpty()) {
        return Decision.reply(new Committed(inOrder, null));
      }
      MessagesAppended event =
          new MessagesAppended(state.nextOffset(), atMillis, state.checksum(), decided, stored);
      MessageBatch batch = new MessageBatch(0, state.nextOffset(), atMillis, stored);
      return Decision.persist(event, new Committed(inOrder, batch));
    }

    private AppendReply decide(Queue.Append append) {
      AppendReply earlier = earlierReply(append);
      if (earlier != null) {
        return earlier;
      }
      int storedBefore = stored.size();
      AppendResults results = decideMessages(append.messages());
      if (stored.size() > storedBefore) {
        decided.add(new DecidedAppend(append.sender(), append.number(), results));
      }
      return new AppendReply.Decided(append.number(), queue, results);
    }

    private @Nullable AppendReply earlierReply(Queue.Append append) {
      NumberWindow window = state.senders().window(append.sender());
      NumberWindow.Knowledge knowledge =
          window == null ? NumberWindow.Knowledge.NEW : window.knowledgeOf(append.number());
      if (window == null || knowledge == NumberWindow.Knowledge.NEW) {
        return null;
      }
      if (knowledge == NumberWindow.Knowledge.FORGOTTEN) {
        return new AppendReply.Unknown(
            append.number(), "the number is so old that its outcome is not remembered");
      }
      AppendResults results = window.resultsOf(append.number());
      return results == null
          ? new AppendReply.StoredBefore(append.number())
          : new AppendReply.Decided(append.number(), queue, results);
    }

    private AppendResults decideMessages(List<Message> messages) {
      long firstOffset = state.nextOffset() + stored.size();
      long[] codes = null;
      for (int i = 0; i < messages.size(); i++) {
        Message message = messages.get(i);
        IdWindow.Entry known = message.id() == null ? null : remember(message, message.id());
        if (known == null) {
          if (codes != null) {
            codes[i] = AppendResults.codeOfStored(state.nextOffset() + stored.size());
          }
          stored.add(message);
          continue;
        }
        codes = codes == null ? plainCodes(firstOffset, messages.size()) : codes;
        codes[i] =
            known.body() == IdWindow.bodyOf(message)
                ? AppendResults.codeOfDuplicate(known.offset())
                : AppendResults.codeOfConflict();
      }
      return codes == null
          ? AppendResults.stored(firstOffset, messages.size())
          : AppendResults.ofCodes(codes);
    }

    /** The first message of this id; null if this is it, which is then remembered. */
    private IdWindow.@Nullable Entry remember(Message message, String id) {
      if (policy.count() == 0) {
        return null;
      }
      IdWindow.IdHash hash = IdWindow.IdHash.of(id);
      IdWindow.Entry known = newIds.get(hash);
      if (known == null) {
        known = state.ids().find(hash, atMillis - policy.windowMillis(), policy.count());
      }
      if (known == null) {
        long offset = state.nextOffset() + stored.size();
        newIds.put(hash, new IdWindow.Entry(offset, IdWindow.bodyOf(message)));
      }
      return known;
    }

    private static long[] plainCodes(long firstOffset, int count) {
      long[] codes = new long[count];
      for (int i = 0; i < count; i++) {
        codes[i] = AppendResults.codeOfStored(firstOffset + i);
      }
      return codes;
    }
  }
}
