package io.tidewheel.http;

import io.tidewheel.catalog.Topic;
import io.tidewheel.message.Message;
import io.tidewheel.message.Names;
import io.tidewheel.queue.Browser;
import io.tidewheel.subscription.DeadMessage;
import io.tidewheel.subscription.Looks;
import io.tidewheel.subscription.Sighting;
import io.tidewheel.worker.Locator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Pages of a subscription's messages by where they are. */
final class ListRoutes {
  private static final int DEFAULT_SIZE = 100;
  private static final int MAX_SIZE = 1_000;
  private static final String DEAD = "dead";
  private static final List<String> STATES = List.of("waiting", "dispatchable", "leased", DEAD);

  private final Locator locator;
  private final Browser browser;
  private final Lookup lookup;

  ListRoutes(Broker broker, Lookup lookup) {
    this.locator = broker.locator();
    this.browser = broker.browser();
    this.lookup = lookup;
  }

  CompletionStage<Answer> list(Call call) {
    String state = call.query("state");
    if (state == null || !STATES.contains(state)) {
      throw Problem.of(ProblemType.MALFORMED, "state must be one of " + String.join(", ", STATES))
          .toException();
    }
    int size = size(call.query("pageSize"));
    return lookup
        .subscription(call)
        .thenCompose(
            found ->
                state.equals(DEAD) ? dead(call, found, size) : alive(call, found, size, state));
  }

  private CompletionStage<Answer> alive(Call call, Lookup.Found found, int size, String state) {
    Looks.Kind kind = Looks.Kind.valueOf(state.toUpperCase(Locale.ROOT));
    return page(call, found.topic(), found.subscription(), kind, state, size);
  }

  /** They wait in their topic until they are redriven, for the subscription that belongs to it. */
  private CompletionStage<Answer> dead(Call call, Lookup.Found found, int size) {
    String name = Names.deadLetterTopic(found.topic().name(), found.subscription().name());
    return lookup
        .find(name, call.timeLeft())
        .thenCompose(
            topic -> {
              Topic.Subscription keeper =
                  topic == null
                      ? null
                      : topic.subscriptions().values().stream()
                          .filter(Topic.Subscription::isBuiltIn)
                          .findFirst()
                          .orElse(null);
              if (topic == null || keeper == null) {
                return CompletableFuture.completedFuture(
                    Answer.of(Responses.json(200, new JsonBytes(64).literal("{\"messages\":[]}"))));
              }
              return page(call, topic, keeper, Looks.Kind.OPEN, DEAD, size);
            });
  }

  private CompletionStage<Answer> page(
      Call call,
      Topic topic,
      Topic.Subscription subscription,
      Looks.Kind kind,
      String state,
      int size) {
    String question = subscription.uid() + " " + state;
    PageToken from =
        PageToken.parse("pageToken", call.query("pageToken"), question, topic.settings().queues());
    Page page = new Page(topic, subscription, kind, question, size, LocateRoutes.lookTime(call));
    return page.fill(from.step(), from.offset())
        .thenApply(next -> Answer.of(Responses.json(200, page.write(next))));
  }

  /** A row: where a message is, and the message. */
  private record Row(int queue, Sighting sighting, StoredMessages.Stored stored) {}

  /** One page: queue after queue, each by offset. */
  private final class Page {
    private final Topic topic;
    private final Topic.Subscription subscription;
    private final Looks.Kind kind;
    private final String question;
    private final int size;
    private final Duration lookTime;
    private final List<Row> rows = new ArrayList<>();
    private int unreachable;

    Page(
        Topic topic,
        Topic.Subscription subscription,
        Looks.Kind kind,
        String question,
        int size,
        Duration lookTime) {
      this.topic = topic;
      this.subscription = subscription;
      this.kind = kind;
      this.question = question;
      this.size = size;
      this.lookTime = lookTime;
    }

    /** Fills it from a place on; gives where the next one begins, null if nothing follows. */
    CompletionStage<@Nullable PageToken> fill(int queue, long from) {
      if (queue == topic.settings().queues()) {
        return CompletableFuture.completedFuture(null);
      }
      int room = size - rows.size();
      if (room == 0) {
        return CompletableFuture.completedFuture(new PageToken(question, queue, from));
      }
      return locator
          .look(topic, subscription, queue, new Looks.ListOf(kind, from, room), lookTime)
          .thenCompose(
              answer -> {
                if (answer instanceof Looks.Listed listed) {
                  return add(queue, listed);
                }
                unreachable++;
                return fill(queue + 1, 0);
              });
    }

    private CompletionStage<@Nullable PageToken> add(int queue, Looks.Listed listed) {
      List<Long> offsets = listed.sightings().stream().map(Sighting::offset).toList();
      return new StoredMessages(browser, topic, queue)
          .read(offsets)
          .thenCompose(
              found -> {
                Map<Long, Sighting> byOffset = new HashMap<>();
                listed.sightings().forEach(seen -> byOffset.put(seen.offset(), seen));
                for (StoredMessages.Stored stored : found.messages()) {
                  Sighting seen = byOffset.get(stored.offset());
                  if (seen != null) {
                    rows.add(new Row(queue, seen, stored));
                  }
                }
                boolean isCut =
                    !offsets.isEmpty() && found.next() <= offsets.get(offsets.size() - 1);
                return isCut || listed.hasMore()
                    ? CompletableFuture.completedFuture(
                        new PageToken(question, queue, found.next()))
                    : fill(queue + 1, 0);
              });
    }

    JsonBytes write(@Nullable PageToken next) {
      JsonBytes json = new JsonBytes(64 + 300 * rows.size());
      json.literal("{\"messages\":[");
      for (int i = 0; i < rows.size(); i++) {
        json.literal(i == 0 ? "{" : ",{");
        if (kind == Looks.Kind.OPEN) {
          writeDead(json, rows.get(i));
        } else {
          writeAlive(json, rows.get(i));
        }
        json.literal("}");
      }
      json.literal("]");
      if (next != null) {
        json.literal(",\"nextPageToken\":").string(next.text());
      }
      if (unreachable > 0) {
        json.literal(",\"queuesUnreachable\":").number(unreachable);
      }
      return json.literal("}");
    }
  }

  private static void writeAlive(JsonBytes json, Row row) {
    Message message = row.stored().message();
    place(json, row.queue(), row.sighting().offset(), message.id(), message.key());
    json.literal(",\"attempt\":").number(row.sighting().attempts() + 1L);
    SightingWriter.time(json, "publishedAt", row.stored().atMillis());
    SightingWriter.facts(json, row.sighting());
  }

  /** Under the place that it had while it lived. */
  private static void writeDead(JsonBytes json, Row row) {
    Message message = row.stored().message();
    DeadMessage facts = DeadMessage.read(message);
    place(json, facts.queue(), facts.offset(), facts.id(), message.key());
    json.literal(",\"attempts\":").number(facts.attempts());
    String publishedAt = facts.publishedAt();
    if (publishedAt != null) {
      json.literal(",\"publishedAt\":").string(publishedAt);
    }
    SightingWriter.time(json, "at", row.stored().atMillis());
    json.literal(",\"reason\":").string(facts.reason());
    json.literal(",\"deadLetter\":{\"queue\":").number(row.queue());
    json.literal(",\"offset\":").number(row.stored().offset()).literal("}");
  }

  private static void place(
      JsonBytes json, int queue, long offset, @Nullable String id, @Nullable String key) {
    json.literal("\"queue\":").number(queue).literal(",\"offset\":").number(offset);
    json.literal(",\"id\":").string(id == null ? queue + "-" + offset : id);
    if (key != null) {
      json.literal(",\"key\":").string(key);
    }
  }

  private static int size(@Nullable String text) {
    if (text == null) {
      return DEFAULT_SIZE;
    }
    if (!text.matches("[0-9]{1,9}")) {
      throw Problem.of(ProblemType.MALFORMED, "pageSize must be a whole number").toException();
    }
    int size = Integer.parseInt(text);
    if (size < 1 || size > MAX_SIZE) {
      throw Problem.of(ProblemType.NOT_ACCEPTED, "pageSize must be from 1 to " + MAX_SIZE)
          .toException();
    }
    return size;
  }
}
