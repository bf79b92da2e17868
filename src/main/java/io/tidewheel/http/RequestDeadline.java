package io.tidewheel.http;

import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.stream.Attributes;
import akka.stream.BidiShape;
import akka.stream.Inlet;
import akka.stream.Outlet;
import akka.stream.stage.AbstractInHandler;
import akka.stream.stage.AbstractOutHandler;
import akka.stream.stage.GraphStage;
import akka.stream.stage.GraphStageLogic;
import akka.stream.stage.TimerGraphStageLogic;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Closes a connection on which no request line with its headers is complete in time: the first
 * within one limit, every other within another after the last answer. The engine's own limit starts
 * again with every byte, so that a client could hold a connection for ever by sending slowly. While
 * a request is being answered, or a stream goes on, there is no limit here.
 */
final class RequestDeadline
    extends GraphStage<BidiShape<HttpRequest, HttpRequest, HttpResponse, HttpResponse>> {
  private final Inlet<HttpRequest> requestsIn = Inlet.create("RequestDeadline.requestsIn");
  private final Outlet<HttpRequest> requestsOut = Outlet.create("RequestDeadline.requestsOut");
  private final Inlet<HttpResponse> answersIn = Inlet.create("RequestDeadline.answersIn");
  private final Outlet<HttpResponse> answersOut = Outlet.create("RequestDeadline.answersOut");
  private final BidiShape<HttpRequest, HttpRequest, HttpResponse, HttpResponse> shape =
      BidiShape.of(requestsIn, requestsOut, answersIn, answersOut);
  private final Duration firstTimeout;
  private final Duration nextTimeout;
  private final LongSupplier nanoTime;
  private final BooleanSupplier isStreaming;

  RequestDeadline(
      Duration firstTimeout,
      Duration nextTimeout,
      LongSupplier nanoTime,
      BooleanSupplier isStreaming) {
    this.firstTimeout = firstTimeout;
    this.nextTimeout = nextTimeout;
    this.nanoTime = nanoTime;
    this.isStreaming = isStreaming;
  }

  @Override
  public BidiShape<HttpRequest, HttpRequest, HttpResponse, HttpResponse> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic {
    private static final String CHECK = "check";

    private Duration timeout = firstTimeout;
    private long idleSinceNanos;
    private int openCount;

    Logic() {
      super(shape);
      setHandler(
          requestsIn,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              openCount++;
              timeout = nextTimeout;
              push(requestsOut, grab(requestsIn));
            }

            @Override
            public void onUpstreamFinish() {
              complete(requestsOut);
            }
          });
      setHandler(
          requestsOut,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              pull(requestsIn);
            }

            @Override
            public void onDownstreamFinish(Throwable cause) {
              cancel(requestsIn, cause);
            }
          });
      setHandler(
          answersIn,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              openCount--;
              idleSinceNanos = nanoTime.getAsLong();
              push(answersOut, grab(answersIn));
            }
          });
      setHandler(
          answersOut,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              pull(answersIn);
            }
          });
    }

    @Override
    public void preStart() {
      idleSinceNanos = nanoTime.getAsLong();
      scheduleOnce(CHECK, timeout);
    }

    /** Checks when the time may be over, not with every request: timers cost more than that. */
    @Override
    public void onTimer(Object key) {
      if (openCount > 0 || isStreaming.getAsBoolean()) {
        idleSinceNanos = nanoTime.getAsLong();
      }
      Duration left = timeout.minusNanos(nanoTime.getAsLong() - idleSinceNanos);
      if (left.isNegative() || left.isZero()) {
        completeStage();
      } else {
        scheduleOnce(CHECK, left);
      }
    }
  }
}
