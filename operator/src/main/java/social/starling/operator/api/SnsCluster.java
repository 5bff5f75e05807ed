package social.starling.operator.api;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;

/** A cluster of users: two members, each on a volume of its own, and a synchronizer. */
@Group(SnsCluster.GROUP)
@Version("v1alpha1")
@Kind("SnsCluster")
@Singular("snscluster")
@Plural("snsclusters")
@ShortNames("sns")
@Categories("starling")
@ValidationRule(
    value = "self.metadata.name.size() <= 40",
    message = "the name of a cluster has 40 characters or less")
@ValidationRule(
    value = "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
    message =
        "the name of a cluster is made of a-z, 0-9 and inner hyphens, and begins with a letter; no dots")
@ValidationRule(
    value = "!self.metadata.name.matches('-(master|members|synchronizer)$')",
    message =
        "the name of a cluster does not end in -master, -members or -synchronizer: objects of other"
            + " clusters are called so")
@ValidationRule(
    value = "!self.metadata.name.startsWith('starling-')",
    message =
        "the name of a cluster does not begin with starling-: objects of the installation are called"
            + " so")
@AdditionalPrinterColumn(name = "Master", jsonPath = ".status.master")
@AdditionalPrinterColumn(name = "Slave", jsonPath = ".status.slave")
@AdditionalPrinterColumn(name = "In-Sync", jsonPath = ".status.copies")
@AdditionalPrinterColumn(
    name = "Epoch",
    jsonPath = ".status.epoch",
    type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
    name = "Users",
    jsonPath = ".status.users",
    type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(name = "Phase", jsonPath = ".status.phase")
@AdditionalPrinterColumn(
    name = "Age",
    jsonPath = ".metadata.creationTimestamp",
    type = AdditionalPrinterColumn.Type.DATE)
public class SnsCluster extends CustomResource<SnsClusterSpec, SnsClusterStatus>
    implements Namespaced {

  private static final long serialVersionUID = 1L;

  /** The API group, and the prefix of all labels and annotations of this project. */
  public static final String GROUP = "starling.social";

  // Records have no empty form that could be made by reflection.
  @Override
  protected SnsClusterSpec initSpec() {
    return null;
  }

  @Override
  protected SnsClusterStatus initStatus() {
    return null;
  }
}
