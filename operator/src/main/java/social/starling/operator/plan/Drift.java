package social.starling.operator.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.Map;

/**
 * Whether an object is no longer what it should be. What the API server adds (defaults, status) is
 * no drift; what was changed or taken away is.
 */
final class Drift {

  private static final ObjectMapper JSON = new ObjectMapper();

  private Drift() {}

  static boolean between(HasMetadata wanted, HasMetadata found) {
    return !contains(JSON.valueToTree(found), JSON.valueToTree(wanted));
  }

  private static boolean contains(JsonNode found, JsonNode wanted) {
    if (found == null) {
      return wanted.isEmpty() && wanted.isContainerNode();
    }
    if (wanted.isObject()) {
      for (Map.Entry<String, JsonNode> field : wanted.properties()) {
        if (!contains(found.get(field.getKey()), field.getValue())) {
          return false;
        }
      }
      return found.isObject();
    }
    if (wanted.isArray()) {
      if (!found.isArray() || found.size() != wanted.size()) {
        return false;
      }
      for (int i = 0; i < wanted.size(); i++) {
        if (!contains(found.get(i), wanted.get(i))) {
          return false;
        }
      }
      return true;
    }
    return found.equals(wanted) || found.asText().equals(wanted.asText());
  }
}
