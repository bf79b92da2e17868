package io.tidewheel.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * The description of the API names every route and no other; {@link OpenApiIT} runs its examples.
 */
class OpenApiTest {
  private final JsonNode document = read();

  private static JsonNode read() {
    try {
      return new ObjectMapper().readTree(OpenApi.read());
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void describesEveryRouteAndNoOther() {
    TreeSet<String> described = new TreeSet<>();
    for (Map.Entry<String, JsonNode> path : document.get("paths").properties()) {
      for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
        described.add(method.getKey().toUpperCase(Locale.ROOT) + ' ' + path.getKey());
      }
    }
    TreeSet<String> routes = new TreeSet<>();
    for (Route route : Route.values()) {
      routes.add(route.method() + ' ' + route.template());
      if (route.template().contains("/subscriptions/{s}/messages:")) {
        routes.add(route.method() + ' ' + route.template().replace("/subscriptions/{s}/", "/"));
      }
    }
    assertThat(described).isEqualTo(routes);
  }

  @Test
  void namesPathsThatLeadToTheirRoutes() {
    for (String path : paths()) {
      String real =
          path.replace("{t}", "orders")
              .replace("{s}", "billing")
              .replace("{id}", "1f")
              .replace("{backend}", "db");
      for (Map.Entry<String, JsonNode> method : document.at(pointer(path)).properties()) {
        Router.Match match = Router.match(method.getKey().toUpperCase(Locale.ROOT), real);
        assertThat(match.route().template().replace("/subscriptions/{s}/messages", "/messages"))
            .isEqualTo(path.replace("/subscriptions/{s}/messages", "/messages"));
      }
    }
  }

  @Test
  void namesEveryQueryParameter() {
    for (Route route : Route.values()) {
      JsonNode operation =
          document.at(pointer(route.template())).get(route.method().toLowerCase(Locale.ROOT));
      TreeSet<String> described = new TreeSet<>();
      for (JsonNode parameter : operation.path("parameters")) {
        if (parameter.path("in").asText().equals("query")) {
          described.add(parameter.get("name").asText());
        }
      }
      assertThat(described).as(route.name()).isEqualTo(new TreeSet<>(route.queryParameters()));
    }
  }

  @Test
  void refersOnlyToWhatIsThere() {
    List<String> missing = new ArrayList<>();
    document
        .findValuesAsText("$ref")
        .forEach(
            reference -> {
              if (document.at(reference.substring(1)).isMissingNode()) {
                missing.add(reference);
              }
            });
    assertThat(missing).isEmpty();
    TreeSet<String> ids = new TreeSet<>(document.findValuesAsText("operationId"));
    assertThat(document.findValuesAsText("operationId")).hasSameSizeAs(ids);
  }

  private List<String> paths() {
    List<String> paths = new ArrayList<>();
    for (Iterator<String> names = document.get("paths").fieldNames(); names.hasNext(); ) {
      paths.add(names.next());
    }
    return paths;
  }

  private static String pointer(String path) {
    return "/paths/" + path.replace("~", "~0").replace("/", "~1");
  }
}
