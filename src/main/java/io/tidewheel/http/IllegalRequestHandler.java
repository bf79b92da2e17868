package io.tidewheel.http;

import akka.event.LoggingAdapter;
import akka.http.ParsingErrorHandler;
import akka.http.javadsl.model.HttpResponse;
import akka.http.scaladsl.model.ErrorInfo;
import akka.http.scaladsl.model.StatusCode;
import akka.http.scaladsl.settings.ServerSettings;

/**
 * Answers requests that the HTTP engine could not parse. Made by the engine by its name. Logs
 * nothing: what can't be parsed may hold anything.
 */
public final class IllegalRequestHandler extends ParsingErrorHandler {
  @Override
  public HttpResponse handle(
      StatusCode status, ErrorInfo error, LoggingAdapter log, ServerSettings settings) {
    ProblemType type = ProblemType.ofEngineStatus(status.intValue());
    return Responses.problem(
        Problem.of(type, "not a request that can be read: " + error.summary()));
  }
}
