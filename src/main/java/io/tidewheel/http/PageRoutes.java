package io.tidewheel.http;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.HttpCharsets;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import akka.util.ByteString;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The page of the monitor: a fixed set of files, read once when the node starts, so that no path of
 * a request ever becomes a path of a file. The browser is told to load and to reach nothing else.
 */
final class PageRoutes {
  static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
          + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  static final List<String> FILES =
      List.of(
          "actions.js",
          "api.js",
          "chart.js",
          "dom.js",
          "format.js",
          "live.js",
          "mark.svg",
          "members.js",
          "messages.js",
          "overview.js",
          "page.css",
          "page.js",
          "table.js",
          "topic.js",
          "topics.js");

  private static final String INDEX = "index.html";

  private final Map<String, HttpResponse> files = new HashMap<>();
  private final HttpResponse index;

  PageRoutes() {
    this.index = response(INDEX);
    FILES.forEach(name -> files.put(name, response(name)));
  }

  CompletionStage<Answer> index() {
    return CompletableFuture.completedFuture(Answer.of(index));
  }

  CompletionStage<Answer> file(Call call) {
    HttpResponse known = files.get(call.tail().get(0));
    if (known == null) {
      throw Router.notFound();
    }
    return CompletableFuture.completedFuture(Answer.of(known));
  }

  private static HttpResponse response(String name) {
    HttpResponse response =
        Responses.bytes(200, type(name), ByteString.fromArrayUnsafe(read(name)));
    // Another version of the broker has another page under the same names.
    response = Responses.with(response, "Cache-Control", "no-cache");
    response = Responses.with(response, "Referrer-Policy", "no-referrer");
    return Responses.with(response, "Content-Security-Policy", POLICY);
  }

  private static ContentType type(String name) {
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "html" -> MediaTypes.TEXT_HTML.toContentType(HttpCharsets.UTF_8);
      case "css" -> MediaTypes.TEXT_CSS.toContentType(HttpCharsets.UTF_8);
      case "js" ->
          MediaTypes.applicationWithOpenCharset("javascript").toContentType(HttpCharsets.UTF_8);
      case "svg" -> MediaTypes.IMAGE_SVG_XML.toContentType();
      default -> throw new IllegalStateException("a file of no known type: " + name);
    };
  }

  static byte[] read(String name) {
    try (InputStream in = PageRoutes.class.getResourceAsStream("page/" + name)) {
      if (in == null) {
        throw new IllegalStateException("the distribution has no page/" + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
