package social.starling.operator.model;

import java.time.Duration;
import java.util.List;

/**
 * What the operator was told at its start.
 *
 * @param namespace the one that it cares for
 * @param coordinators internal addresses, {@code host:port[,…]}, as its children are told them
 * @param credentialSecret name of the Secret with the key {@code credential}
 * @param serverImage image of members
 * @param synchronizerImage image of synchronizers
 * @param imagePullPolicy {@code IfNotPresent}, {@code Always} or {@code Never}
 * @param imagePullSecrets names of Secrets
 * @param replaceAfter how long the node of a member must have been lost before a new volume takes
 *     the member's place
 * @param logFormat of its children: text or json
 * @param logLevel of its children
 */
public record Settings(
    String namespace,
    String coordinators,
    String credentialSecret,
    String serverImage,
    String synchronizerImage,
    String imagePullPolicy,
    List<String> imagePullSecrets,
    Duration replaceAfter,
    String logFormat,
    String logLevel) {

  public Settings {
    imagePullSecrets = List.copyOf(imagePullSecrets);
  }
}
