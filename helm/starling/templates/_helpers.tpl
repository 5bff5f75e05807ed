{{- define "starling.labels" -}}
app.kubernetes.io/name: starling
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/part-of: starling
app.kubernetes.io/version: {{ include "starling.tag" .root | trunc 63 | trimAll "._-" | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "starling.selector" -}}
app.kubernetes.io/name: starling
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Metadata of an object: name, component, annotations (a dict, optional). */}}
{{- define "starling.metadata" -}}
name: {{ .name | quote }}
{{- if not .clusterScoped }}
namespace: {{ .root.Release.Namespace | quote }}
{{- end }}
labels:
  {{- include "starling.labels" . | nindent 2 }}
{{- with .labels }}
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $annotations := merge (dict) (.annotations | default dict) .root.Values.commonAnnotations }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "starling.tag" -}}
{{- .Values.image.tag | default .Chart.AppVersion -}}
{{- end }}

{{- define "starling.image" -}}
{{- printf "%s%s:%s" .root.Values.image.prefix .name (include "starling.tag" .root) -}}
{{- end }}

{{- define "starling.coordinators" -}}
{{- printf "starling-coordinator.%s.svc:7001" .Release.Namespace -}}
{{- end }}

{{- define "starling.credentialSecret" -}}
{{- .Values.credential.existingSecret | default "starling-credential" -}}
{{- end }}

{{- define "starling.expectedClusters" -}}
{{- if kindIs "invalid" .Values.expectedClusters -}}
{{- max 1 (len .Values.clusters) -}}
{{- else -}}
{{- .Values.expectedClusters -}}
{{- end -}}
{{- end }}

{{/* Names of cluster-wide objects carry the namespace: two installations do not share them. */}}
{{- define "starling.clusterName" -}}
{{- printf "starling-%s-%s" .root.Release.Namespace .name -}}
{{- end }}

{{/* metadata of a pod template: component, values (of the component) */}}
{{- define "starling.podMetadata" -}}
labels:
  {{- include "starling.labels" . | nindent 2 }}
  {{- with .values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- $annotations := merge (dict) .values.podAnnotations .root.Values.commonAnnotations }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What every pod's spec has, without containers: component, values */}}
{{- define "starling.podSpec" -}}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
tolerations:
  {{- range $key := list "not-ready" "unreachable" }}
  - key: node.kubernetes.io/{{ $key }}
    operator: Exists
    effect: NoExecute
    tolerationSeconds: {{ $.values.lostNodeSeconds }}
  {{- end }}
  {{- with .values.tolerations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
{{- if .values.topologySpreadConstraints }}
  {{- toYaml .values.topologySpreadConstraints | nindent 2 }}
{{- else }}
  # Never two on one node while another could take one; where there is only one, all of them. Nodes
  # that take no pods (lost, cordoned, the control plane's) do not count, and each revision is spread
  # for itself: else the last of a rollout would go where the old ones are not any more.
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: DoNotSchedule
    nodeTaintsPolicy: Honor
    matchLabelKeys:
      - pod-template-hash
    labelSelector:
      matchLabels:
        {{- include "starling.selector" . | nindent 8 }}
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    matchLabelKeys:
      - pod-template-hash
    labelSelector:
      matchLabels:
        {{- include "starling.selector" . | nindent 8 }}
{{- end }}
volumes:
  - name: tmp
    emptyDir: {}
  - name: credential
    secret:
      secretName: {{ include "starling.credentialSecret" .root | quote }}
      defaultMode: 0440
{{- end }}

{{- define "starling.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop:
    - ALL
{{- end }}

{{/* What every container has, without args and probes: component, values */}}
{{- define "starling.container" -}}
name: {{ .component }}
image: {{ include "starling.image" (dict "root" .root "name" .component) }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  {{- include "starling.containerSecurityContext" . | nindent 2 }}
env:
  - name: POD_NAME
    valueFrom:
      fieldRef:
        fieldPath: metadata.name
  - name: POD_IP
    valueFrom:
      fieldRef:
        fieldPath: status.podIP
  {{- with .values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  - name: tmp
    mountPath: /tmp
  - name: credential
    mountPath: /etc/starling/credential
    readOnly: true
{{- end }}

{{/* Flags that every process gets. */}}
{{- define "starling.args" -}}
- --host=0.0.0.0
- --advertise=$(POD_IP)
- --http-port=9000
- --credential=/etc/starling/credential/credential
- --log-format={{ .root.Values.log.format }}
- --log-level={{ .root.Values.log.level }}
{{- end }}

{{/* A process may take five minutes to begin on a busy node. After that it is ended when it has not
answered for two minutes: only what is really stuck. Others do its work meanwhile. */}}
{{- define "starling.livenessProbe" -}}
startupProbe:
  httpGet:
    path: /livez
    port: http
  periodSeconds: 1
  timeoutSeconds: 5
  failureThreshold: 300
livenessProbe:
  httpGet:
    path: /livez
    port: http
  periodSeconds: 10
  timeoutSeconds: 10
  failureThreshold: 12
{{- end }}

{{- define "starling.podDisruptionBudget" -}}
{{- if and .values.podDisruptionBudget.enabled (gt (int .values.replicas) 1) }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "starling.metadata" (merge (dict "name" (printf "starling-%s" .component)) .) | nindent 2 }}
spec:
  maxUnavailable: {{ .values.podDisruptionBudget.maxUnavailable }}
  # One that is not ready may always go: it would be in the way of a drain for ever.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "starling.selector" . | nindent 6 }}
{{- end }}
{{- end }}

{{- define "starling.millis" -}}
{{- if hasSuffix "ms" . }}{{ trimSuffix "ms" . }}{{ else }}{{ trimSuffix "s" . }}000{{ end -}}
{{- end }}

{{/* Times that every process would refuse at its start: where, timers */}}
{{- define "starling.checkTimers" -}}
{{- with .timers }}
{{- $heartbeat := include "starling.millis" (.heartbeat | default "100ms") | int64 }}
{{- $silence := include "starling.millis" (.silence | default "1s") | int64 }}
{{- $lease := include "starling.millis" (.lease | default "300ms") | int64 }}
{{- if lt $silence (mul 3 $heartbeat) }}
{{- fail (printf "timers of %s: silence must be at least three heartbeats, not %dms with %dms" $.where $silence $heartbeat) }}
{{- else if lt $lease (mul 2 $heartbeat) }}
{{- fail (printf "timers of %s: lease must be at least two heartbeats, not %dms with %dms" $.where $lease $heartbeat) }}
{{- else if ge $lease $silence }}
{{- fail (printf "timers of %s: lease must be shorter than silence, not %dms with %dms" $.where $lease $silence) }}
{{- end }}
{{- end }}
{{- end }}

{{/* How many bytes a quantity is. */}}
{{- define "starling.bytes" -}}
{{- $unit := regexFind "([KMGTPE]i|[kMGTPE]|m)$" (toString .) }}
{{- $factor := get (dict "" 1 "m" 1e-3 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18 "Ki" 0x1p10 "Mi" 0x1p20 "Gi" 0x1p30 "Ti" 0x1p40 "Pi" 0x1p50 "Ei" 0x1p60) $unit }}
{{- mulf (toString . | trimSuffix $unit | float64) $factor }}
{{- end }}

{{/* A size that SnsCluster would refuse: where, storage */}}
{{- define "starling.checkStorage" -}}
{{- $size := get (.storage | default dict) "size" }}
{{- if and (ne (toString $size) "") (lt (include "starling.bytes" $size | float64) (include "starling.bytes" "256Mi" | float64)) }}
{{- fail (printf "storage of %s: size must be 256Mi or more, not %v" .where $size) }}
{{- end }}
{{- end }}
