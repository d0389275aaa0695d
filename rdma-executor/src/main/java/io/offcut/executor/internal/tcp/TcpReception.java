package io.offcut.executor.internal.tcp;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
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
import io.offcut.core.frame.InvocationStatus;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/**
 * Where {@link TcpDoor} deals with strangers, by one thread of Netty's that sleeps otherwise: who
 * has not said a right hello in time is turned away with the reason. Who has is handed to the
 * worker's own thread and leaves Netty for good.
 */
final class TcpReception implements AutoCloseable {
    private static final int MAX_STRANGERS = 128;
    private static final long HELLO_MILLIS = 2_000;
    private static final long CLOSE_MILLIS = 200;

    private final EventLoopGroup group;
    private final Channel server;
    private final byte[] secret;
    private final int workers;
    private final IntFunction<TcpWorkerChannel> channelOf;
    private final Runnable arrival;
    private final AtomicInteger strangers = new AtomicInteger();

    /**
     * Accepts what arrives from now on.
     *
     * @param listening bound, non-blocking and registered with no selector
     */
    TcpReception(
            ServerSocketChannel listening,
            byte[] secret,
            int workers,
            IntFunction<TcpWorkerChannel> channelOf,
            Runnable arrival) {
        this.secret = secret;
        this.workers = workers;
        this.channelOf = channelOf;
        this.arrival = arrival;
        this.group =
                new MultiThreadIoEventLoopGroup(
                        1, new DefaultThreadFactory("door", true), NioIoHandler.newFactory());
        ChannelFuture registered =
                new ServerBootstrap()
                        .group(group)
                        .channelFactory(() -> new ServerChannel(listening))
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
                                })
                        .register();
        this.server = registered.syncUninterruptibly().channel();
    }

    /** Lets nobody in any more. Connections that were handed over stay. */
    @Override
    public void close() {
        server.close().awaitUninterruptibly(CLOSE_MILLIS);
        var _ = group.shutdownGracefully(0, CLOSE_MILLIS, TimeUnit.MILLISECONDS);
    }

    private static final class ServerChannel extends NioServerSocketChannel {
        ServerChannel(ServerSocketChannel listening) {
            super(listening);
        }

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
            if (status == 0 && (index < 0 || index >= workers)) {
                status = TcpHello.NO_SUCH_WORKER;
            }
            if (status == 0 && !channelOf.apply(index).reserve()) {
                status = InvocationStatus.BUSY.code();
            }
            if (status != 0) {
                var _ =
                        context.writeAndFlush(Unpooled.wrappedBuffer(TcpHello.reply(status, 0, 0)))
                                .addListener(ChannelFutureListener.CLOSE);
                return;
            }
            TcpWorkerChannel worker = channelOf.apply(index);
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
