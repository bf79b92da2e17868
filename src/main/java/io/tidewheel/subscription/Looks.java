package io.tidewheel.subscription;

import akka.actor.typed.ActorRef;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.tidewheel.message.Control;
import java.util.List;

/** Questions to a subscription about where messages are and why. Nothing changes by them. */
public final class Looks {
  /** Sightings of one answer. */
  public static final int MAX_LISTED = 1_000;

  private Looks() {}

  /** A question; answered at once. */
  public record Look(Question question, ActorRef<Answer> replyTo)
      implements Subscription.Command, Control {
    @Override
    public void onNoReader() {
      replyTo.tell(new NotNow("the subscription does not read this queue"));
    }

    @Override
    public void onNotNow() {
      replyTo.tell(new NotNow("the queue is recovering"));
    }
  }

  /** What is asked. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Where.class, name = "where"),
    @JsonSubTypes.Type(value = ListOf.class, name = "list"),
    @JsonSubTypes.Type(value = Why.class, name = "why"),
    @JsonSubTypes.Type(value = WhyKey.class, name = "why-key"),
    @JsonSubTypes.Type(value = WhyOffset.class, name = "why-offset")
  })
  public sealed interface Question extends Control {}

  /** Where a message is. */
  public record Where(long offset) implements Question {}

  /** Which messages are somewhere. */
  public enum Kind {
    WAITING,
    DISPATCHABLE,
    LEASED,
    /** All that are not settled, read or not. */
    OPEN
  }

  /**
   * Messages by offset, from one offset on.
   *
   * @param max 1 to {@link #MAX_LISTED}
   */
  public record ListOf(Kind kind, long from, int max) implements Question {}

  /** What holds the subscription, on this queue; as far as its oldest message shows it. */
  public record Why() implements Question {}

  /** What holds a key: the first message of it that is not settled. */
  public record WhyKey(String key) implements Question {}

  /** What holds one message. */
  public record WhyOffset(long offset) implements Question {}

  /** What is answered. */
  public sealed interface Answer extends Control {}

  /**
   * For {@link Where}.
   *
   * @param generation that the subscription is in
   * @param soughtAtMillis when that began; 0 for the first
   */
  public record Seen(Sighting sighting, long generation, long soughtAtMillis) implements Answer {}

  /**
   * For {@link ListOf}.
   *
   * @param hasMore whether there were more than could be listed
   */
  public record Listed(List<Sighting> sightings, boolean hasMore) implements Answer {
    public Listed {
      sightings = List.copyOf(sightings);
    }
  }

  /**
   * The one gate that holds what was asked for.
   *
   * @param offset of the message that is held or holds; -1 if it is none
   * @param untilMillis when the gate opens by itself; 0 if that is not known
   * @param detail what it is, in words
   * @param lift what opens the gate
   * @param dispatchable what could be given out now
   * @param backlog messages neither settled nor with workers
   */
  public record Held(
      Gate gate,
      long offset,
      long untilMillis,
      String detail,
      String lift,
      long dispatchable,
      long backlog)
      implements Answer {}

  /** No answer now. */
  public record NotNow(String detail) implements Answer {}
}
