package io.offcut.executor.internal.tcp;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.JdkLoggerFactory;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.InvocationStatus;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Where connections come in: one port for all workers of an executor. Strangers are dealt with
 * here, by one thread that sleeps otherwise, so that a worker in the middle of a long function
 * keeps nobody waiting and is not disturbed: who has not said a right hello in time is turned away
 * with the reason. Who has is handed to the worker's own thread and leaves Netty for good.
 */
public final class TcpDoor implements AutoCloseable {
    private static final int MAX_STRANGERS = 128;
    private static final int BACKLOG = 128;
    private static final long HELLO_MILLIS = 2_000;
    private static final long CLOSE_MILLIS = 200;

    private final EventLoopGroup group;
    private final Channel server;
    private final byte[] secret;
    private final List<TcpWorkerChannel> workers;
    private final Runnable arrival;
    private final AtomicInteger strangers = new AtomicInteger();

    /**
     * Listens on a port of the kernel's choice.
     *
     * @param host address to listen on
     * @param secret what a client must show, 32 hexadecimal digits
     * @param workers by their index
     * @param arrival called after a connection was handed over, to wake its worker
     * @throws OffcutException {@code CONFLICT} if it cannot listen there
     */
    public TcpDoor(String host, String secret, List<TcpWorkerChannel> workers, Runnable arrival) {
        if (secret.length() != TcpHello.SECRET_BYTES) {
            throw new IllegalArgumentException(
                    "a secret of " + secret.length() + " characters, not 32");
        }
        this.secret = secret.getBytes(StandardCharsets.US_ASCII);
        this.workers = List.copyOf(workers);
        this.arrival = arrival;
        this.group =
                new MultiThreadIoEventLoopGroup(
                        1, new DefaultThreadFactory("door", true), NioIoHandler.newFactory());
        ServerBootstrap bootstrap =
                new ServerBootstrap()
                        .group(group)
                        .channelFactory(ServerChannel::new)
                        .option(ChannelOption.SO_BACKLOG, BACKLOG)
                        .childOption(ChannelOption.ALLOCATOR, UnpooledByteBufAllocator.DEFAULT)
                        .childOption(
                                ChannelOption.RECVBUF_ALLOCATOR,
                                new FixedRecvByteBufAllocator(TcpHello.BYTES).maxMessagesPerRead(1))
                        .childHandler(
                                new ChannelInitializer<StrangerChannel>() {
                                    @Override
                                    protected void initChannel(StrangerChannel channel) {
                                        channel.pipeline().addLast(new Hello(channel));
                                    }
                                });
        try {
            this.server = bootstrap.bind(host, 0).syncUninterruptibly().channel();
        } catch (Exception e) {
            var _ = group.shutdownGracefully(0, CLOSE_MILLIS, TimeUnit.MILLISECONDS);
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    "cannot listen on "
                            + host
                            + ": "
                            + e.getMessage()
                            + "; give the node an address of this machine",
                    e);
        }
    }

    /** Keeps Netty from starting a logging framework: an executor logs nothing through one. */
    public static void quiet() {
        InternalLoggerFactory.setDefaultFactory(JdkLoggerFactory.INSTANCE);
    }

    public int port() {
        return ((InetSocketAddress) server.localAddress()).getPort();
    }

    /** Lets nobody in any more. Connections that were handed over stay. */
    @Override
    public void close() {
        server.close().awaitUninterruptibly(CLOSE_MILLIS);
        var _ = group.shutdownGracefully(0, CLOSE_MILLIS, TimeUnit.MILLISECONDS);
    }

    private static final class ServerChannel extends NioServerSocketChannel {
        @Override
        protected int doReadMessages(List<Object> accepted) throws Exception {
            SocketChannel socket = javaChannel().accept();
            if (socket == null) {
                return 0;
            }
            accepted.add(new StrangerChannel(this, socket));
            return 1;
        }
    }

    private static final class StrangerChannel extends NioSocketChannel {
        StrangerChannel(Channel parent, SocketChannel socket) {
            super(parent, socket);
        }

        SocketChannel socketChannel() {
            return javaChannel();
        }
    }

    private final class Hello extends ChannelInboundHandlerAdapter {
        private final StrangerChannel channel;
        private final ByteBuffer hello =
                ByteBuffer.allocate(TcpHello.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        private boolean answered;

        Hello(StrangerChannel channel) {
            this.channel = channel;
        }

        @Override
        public void channelRegistered(ChannelHandlerContext context) {
            if (strangers.incrementAndGet() > MAX_STRANGERS) {
                var _ = context.close();
                return;
            }
            var _ =
                    context.executor()
                            .schedule(
                                    () -> {
                                        if (!answered) {
                                            var _ = context.close();
                                        }
                                    },
                                    HELLO_MILLIS,
                                    TimeUnit.MILLISECONDS);
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            try {
                if (answered || bytes.readableBytes() > hello.remaining()) {
                    var _ = context.close();
                    return;
                }
                hello.limit(hello.position() + bytes.readableBytes());
                bytes.readBytes(hello);
                hello.limit(hello.capacity());
            } finally {
                bytes.release();
            }
            if (!hello.hasRemaining()) {
                context.channel().config().setAutoRead(false);
                answered = true;
                judge(context);
            }
        }

        private void judge(ChannelHandlerContext context) {
            int status = TcpHello.check(hello, secret);
            int index = TcpHello.worker(hello);
            if (status == 0 && (index < 0 || index >= workers.size())) {
                status = TcpHello.NO_SUCH_WORKER;
            }
            if (status == 0 && !workers.get(index).reserve()) {
                status = InvocationStatus.BUSY.code();
            }
            if (status != 0) {
                var _ =
                        context.writeAndFlush(Unpooled.wrappedBuffer(TcpHello.reply(status, 0, 0)))
                                .addListener(ChannelFutureListener.CLOSE);
                return;
            }
            TcpWorkerChannel worker = workers.get(index);
            ByteBuffer reply = TcpHello.reply(0, worker.slots(), worker.payloadBytes());
            var _ =
                    context.writeAndFlush(Unpooled.wrappedBuffer(reply))
                            .addListener(written -> {
                                if (written.isSuccess()) {
                                    release(worker);
                                } else {
                                    worker.giveUp();
                                    var _ = context.close();
                                }
                            });
        }

        private void release(TcpWorkerChannel worker) {
            var _ =
                    channel.deregister()
                            .addListener(deregistered -> {
                                worker.handOver(channel.socketChannel());
                                arrival.run();
                            });
        }

        /** Also when the channel leaves Netty without being closed. */
        @Override
        public void channelUnregistered(ChannelHandlerContext context) {
            strangers.decrementAndGet();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            var _ = context.close();
        }
    }
}
