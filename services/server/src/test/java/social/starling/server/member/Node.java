package social.starling.server.member;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.micrometer.core.instrument.Measurement;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.stream.StreamSupport;
import social.starling.common.Address;
import social.starling.common.Channels;
import social.starling.common.Credential;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.common.Identity;
import social.starling.common.Timing;
import social.starling.proto.sns.v1.SnsGrpc;
import social.starling.replication.Role;
import social.starling.server.api.LiveStreams;
import social.starling.server.api.Presence;
import social.starling.server.api.SnsService;
import social.starling.server.exchange.ExchangeService;
import social.starling.server.storage.Disk;
import social.starling.server.storage.Volume;

/** One process of a member, without the process. */
final class Node {

  /** What a test may choose. */
  record Choice(Disk disk, int minInSync, long maxJournalBytes, Duration answerRetention) {
    Choice(Disk disk, int minInSync, long maxJournalBytes) {
      this(disk, minInSync, maxJournalBytes, Duration.ofHours(24));
    }

    static Choice normal() {
      return new Choice(Disk.local(), 1, 64L << 20);
    }

    Choice on(Disk other) {
      return new Choice(other, minInSync, maxJournalBytes, answerRetention);
    }

    Choice retaining(Duration other) {
      return new Choice(disk, minInSync, maxJournalBytes, other);
    }
  }

  final String name;
  final Volume volume;
  final Member member;
  final LiveStreams streams = new LiveStreams();
  final Presence presence = new Presence();
  final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  final ExchangeService exchange;
  final GrpcServer internal;
  final GrpcServer users;
  final ManagedChannel channel;
  final ManagedChannel internalChannel;
  private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();

  Node(
      String cluster,
      String name,
      Path directory,
      Address coordinator,
      Credential credential,
      Choice choice) {
    this.name = name;
    volume = Volume.open(directory, choice.disk());
    MemberSettings settings =
        new MemberSettings(
            cluster,
            name,
            UUID.randomUUID().toString(),
            List.of(coordinator),
            credential,
            Timing.DEFAULT,
            choice.minInSync(),
            choice.maxJournalBytes(),
            64L << 20,
            choice.answerRetention(),
            directory.toString(),
            System.nanoTime());
    member = new Member(settings, volume, registry);
    member.onServingChanged(streams::wakeAll);
    exchange = new ExchangeService(member, registry);
    internal =
        GrpcServers.internalServer(
            "127.0.0.1",
            0,
            credential,
            ReplicationService::neverBlocks,
            List.of(),
            new ReplicationService(settings, member, volume),
            new MemberAdminService(settings, member, volume),
            exchange);
    users =
        GrpcServers.publicServer(
            "127.0.0.1",
            0,
            SnsService::neverBlocks,
            List.of(),
            new SnsService(member, streams, presence, exchange::position, scheduler));
    channel = Channels.open(new Address("127.0.0.1", users.port()));
    internalChannel =
        Channels.open(new Address("127.0.0.1", internal.port()), credential.clientInterceptor());
    member.start(
        new Listening(
            new Address("127.0.0.1", users.port()),
            new Address("127.0.0.1", internal.port()),
            new Address("127.0.0.1", 1)));
  }

  SnsGrpc.SnsBlockingStub as(String user) {
    return SnsGrpc.newBlockingStub(channelAs(user));
  }

  Channel channelAs(String user) {
    return ClientInterceptors.intercept(channel, Identity.as(user));
  }

  /** A number that this member shows. */
  double metric(String metric) {
    return registry.find(metric).meters().stream()
        .flatMap(each -> StreamSupport.stream(each.measure().spliterator(), false))
        .mapToDouble(Measurement::getValue)
        .sum();
  }

  Role role() {
    return member.serving().role();
  }

  boolean serves() {
    return role() == Role.OPEN;
  }

  /** As SIGTERM would. */
  void terminate() throws InterruptedException {
    member.handOverAtTheEnd(Duration.ofMillis(2000));
    member.stop();
    member.leave(Duration.ofMillis(800));
    users.stop(Duration.ofMillis(500));
    kill();
  }

  /** No handover, no goodbye. */
  void kill() throws InterruptedException {
    channel.shutdownNow();
    internalChannel.shutdownNow();
    internal.close();
    users.close();
    member.close();
    scheduler.shutdownNow();
  }
}
