#include "sim/machine.hpp"

#include <algorithm>

#include "core/base/ensure.hpp"
#include "miner/search.hpp"
#include "net/limits.hpp"
#include "net/protocol/codec.hpp"
#include "net/protocol/pieces.hpp"
#include "net/serve/serve.hpp"

namespace cairn::sim {
namespace {

// As the transport and the check pool have them.
constexpr std::size_t kUnseenMax = 64;  // events of one peer before the node
constexpr Micros kDeliverAgain = 10 * kMillisecond;

constexpr Micros kTick = Driver::kTickMs * kMillisecond;
constexpr Micros kStartAgain = kSecond;
constexpr std::size_t kClosedMax = 1'000;

// How long the node's thread is taken up; measured orders of magnitude, no more.
constexpr Micros kCommandTakes = 20;
constexpr std::size_t kBytesPerMicro = 40;
constexpr Micros kTransferCheckTakes = 70;
constexpr Micros kBlockTakes = 100;

net::NodeKey key_of(const net::NodeAddress& address) {
    return {sha256(as_bytes("node key of " + address.to_string())).bytes};
}

}  // namespace

/// Whoever a command of an earlier process belonged to is gone with it.
class Machine::JobCommand final : public Command {
public:
    JobCommand(Machine& machine, Job job)
        : machine_{machine}, process_{machine.process_}, job_{std::move(job)} {}
    void run(Node& node, Now now) override {
        machine_.spend(kCommandTakes + job_.takes);
        job_.run(node, now);
    }
    void done(Result<ViewPtr, StoreError> outcome) noexcept override {
        if (job_.done && machine_.process_ == process_) job_.done(outcome.has_value());
    }

private:
    Machine& machine_;
    const std::uint64_t process_;
    Job job_;
};

Machine::Machine(const Surroundings& around, MachineOptions options)
    : around_{around},
      options_{std::move(options)},
      id_{around_.network.add(*this, options_.address)},
      key_{key_of(options_.address)} {}

Now Machine::now() const {
    const Micros time = around_.scheduler.now();
    const auto wall = static_cast<std::int64_t>(around_.epoch) +
                      static_cast<std::int64_t>(time / kSecond) + options_.skew;
    return {time / kMillisecond, static_cast<UnixSeconds>(wall)};
}

Scheduler::What Machine::of_this_process(Scheduler::What what) {
    return [this, process = process_, what = std::move(what)] {
        if (process_ == process) what();
    };
}

void Machine::start() {
    if (process_ != 0) return;
    powered_ = true;
    disk_.restart();
    process_ = ++processes_;
    open_node();
    if (process_ != 0) around_.scheduler.after(kTick, of_this_process([this] { tick(); }));
}

void Machine::open_node() {
    NodeOptions options;
    options.ledger = options_.ledger;
    options.first_generation = generation_;
    options.peers.gossip = options_.gossip;
    options.peers.key = key_;
    options.peers.listens_on = options_.address.port;
    options.peers.connect = options_.connect;
    options.peers.seed = options_.seed + generation_;
    DriverPorts ports;
    ports.recover = []() -> Result<void, StoreError> { return {}; };
    ports.publish = [this](ViewPtr view) {
        view_ = std::move(view);
        generation_ = view_->generation + 1;
    };
    ports.committed = [this](const Committed& committed) {
        if (committed.work) template_ = committed.work;
        carry_out(committed.actions);
    };
    ports.trouble = [this](const StoreError* error) {
        if (error != nullptr) write_failed();
    };
    ports.cpu = [this] { return cpu(); };
    auto opened = Driver::open(around_.chain, disk_, std::move(options), std::move(ports), now());
    if (opened) {
        driver_ = std::move(*opened);
        driver_->set_mining(mining_);
        Committed first;
        first.view = view_;
        around_.committed(*this, first);
        return wake();
    }
    if (disk_.stopped()) return power_off();
    around_.scheduler.after(kStartAgain, of_this_process([this] { open_node(); }));
}

void Machine::forget_process() {
    process_ = 0;
    driver_.reset();
    view_.reset();
    template_.reset();
    peers_.clear();
    untold_.clear();
    lanes_ = {};
    busy_ = woken_ = false;
}

void Machine::kill() {
    if (process_ == 0) return;
    forget_process();
    around_.network.drop_all(id_);
}

void Machine::power_off() {
    if (!powered_) return;
    powered_ = false;
    forget_process();
    around_.network.vanish(id_);
    around_.stopped(*this);
}

void Machine::spend(Micros takes) {
    own_time_ += takes;
    worked_ += takes * options_.slowness;
}

/// What the driver takes for the CPU of its thread: all that was spent, blocks included.
std::uint64_t Machine::cpu() {
    const std::uint64_t moved = node() ? node()->ledger().moved() : 0;
    if (moved > moved_) spend((moved - moved_) * kBlockTakes);
    moved_ = moved;
    return own_time_ * 1'000;
}

void Machine::tick() {
    tell_all();
    wake();
    around_.scheduler.after(kTick, of_this_process([this] { tick(); }));
}

bool Machine::post(Lane lane, Job job) {
    if (process_ == 0 || !lanes_.post(lane, std::make_unique<JobCommand>(*this, std::move(job))))
        return false;
    wake();
    return true;
}

void Machine::set_mining(bool on) {
    mining_ = on;
    if (!driver_) return;
    driver_->set_mining(on);
    wake();
}

void Machine::wake() {
    if (busy_ || woken_ || !driver_) return;
    woken_ = true;
    around_.scheduler.after(0, of_this_process([this] { work(); }));
}

void Machine::work() {
    woken_ = false;
    if (!driver_ || busy_) return;
    busy_ = true;
    const Micros worked = worked_;
    spend(kCommandTakes);
    const auto written = disk_.acknowledged();
    auto turn = std::make_shared<Driver::Turn>(driver_->work(lanes_.take(now().steady), now()));
    if (disk_.stopped()) return power_off();
    if (turn->outcome) around_.committed(*this, *turn->outcome);
    if (process_ == 0) return;
    (void)cpu();
    longest_step_ = driver_->times().steps.longest_ns() / 1'000;
    const Micros writes = disk_.acknowledged() != written ? options_.write_takes : 0;
    around_.scheduler.after(worked_ - worked + writes, of_this_process([this, turn] {
                                busy_ = false;
                                lanes_.give_back(driver_->finish(std::move(*turn)));
                                driver_->tend(now());
                                if (disk_.stopped()) return power_off();
                                if (!lanes_.empty() || driver_->has_more()) wake();
                            }));
}

void Machine::write_failed() {
    around_.trace.say(around_.scheduler.now(), options_.address.to_string() + " fails to write");
    template_.reset();
    // The node that comes next knows none of these.
    peers_.clear();
    around_.network.drop_all(id_);
}

void Machine::carry_out(const net::Actions& actions) {
    for (const auto& action : actions) {
        if (const auto* send = std::get_if<net::Send>(&action)) {
            around_.network.send(send->to, id_, send->frame);
        } else if (const auto* close = std::get_if<net::Close>(&action)) {
            hang_up(close->peer, close->why, false);
        } else if (const auto* dial = std::get_if<net::Dial>(&action)) {
            around_.network.dial(id_, dial->to);
        } else if (const auto* body = std::get_if<net::Check>(&action)) {
            const Micros takes = kTransferCheckTakes + body->bytes->size() / kBytesPerMicro;
            around_.scheduler.after(takes, of_this_process([this, body = *body] {
                                        deliver(around_.checker.check(body), body.bytes->size());
                                    }));
        } else if (const auto* registered = std::get_if<net::Registered>(&action)) {
            registered_ = registered->outcome;
        } else if (const auto* resolved = std::get_if<net::Resolved>(&action)) {
            resolved_ = resolved->outcome;
        }
    }
}

/// The node is behind: that the check pool waits is what slows the peers.
void Machine::deliver(const net::Checked& checked, std::size_t size) {
    const bool posted =
        post(Lane::peers, {[checked](Node& node, Now when) { node.on_checked(checked, when); },
                           nullptr, size / kBytesPerMicro});
    if (!posted)
        around_.scheduler.after(kDeliverAgain,
                                of_this_process([this, checked, size] { deliver(checked, size); }));
}

/// What must not be lost is posted again with every tick until it is taken.
void Machine::tell(std::function<void(Node&, Now)> what) {
    untold_.push_back(std::move(what));
    tell_all();
}

void Machine::tell_all() {
    while (!untold_.empty() && post(Lane::peers, {untold_.front(), nullptr})) untold_.pop_front();
}

bool Machine::reads(ConnectionId connection) const {
    const auto peer = peers_.find(connection);
    return peer == peers_.end() ||
           (peer->second.unseen < kUnseenMax && !peer->second.answers.is_full() &&
            around_.network.queued(connection, id_) <= net::limits::kSendQueuePause);
}

void Machine::on_open(ConnectionId connection, const net::Hello& other) {
    peers_.emplace(connection, Peer{});
    post_of(connection, 0,
            [connection, other](Node& node, Now when) { node.on_open(connection, other, when); });
}

void Machine::on_dial_failed(const net::NodeAddress& to, const std::string& why,
                             net::DialFault fault) {
    tell([=](Node& node, Now when) { node.on_dial_failed(to, why, when, fault); });
}

void Machine::on_frame(ConnectionId connection, const SharedBytes& frame) {
    const auto peer = peers_.find(connection);
    if (peer == peers_.end() || !node()) return;
    const auto max_block = around_.chain->spec().max_block;
    if (frame->size() > net::max_frame(max_block))
        return hang_up(connection, "a message that is too large", true);
    auto message = net::decode(*frame, max_block);
    if (!message) return hang_up(connection, message.error(), true);
    if (peer->second.answers.take(*message)) return serve(connection, peer->second);
    auto pieces = net::in_pieces(std::move(*message));
    for (auto& piece : pieces) {
        if (!peers_.contains(connection)) return;
        auto shared = std::make_shared<const net::Message>(std::move(piece));
        post_of(connection, frame->size() / pieces.size(),
                [connection, shared](Node& node, Now when) {
                    node.on_message(connection, *shared, when);
                });
    }
}

/// As the transport posts what a peer says: it reads on once the node has seen that.
void Machine::post_of(ConnectionId connection, std::size_t size,
                      std::function<void(Node&, Now)> what) {
    ++peers_.at(connection).unseen;
    const auto seen = [this, connection](bool kept) {
        const auto known = peers_.find(connection);
        if (known == peers_.end()) return;
        --known->second.unseen;
        if (!kept) return hang_up(connection, "this node had to open its store anew", false);
        known->second.answers.begin();
        serve(connection, known->second);
        if (!peers_.contains(connection)) return;
        around_.network.resume(connection, id_);
    };
    if (!post(Lane::peers, {std::move(what), seen, size / kBytesPerMicro}))
        hang_up(connection, "this node has more to do than it can", false);
}

void Machine::on_close(ConnectionId connection, const std::string& why) {
    tell_closed(connection, why, false);
}

void Machine::tell_closed(ConnectionId connection, const std::string& why, bool ban) {
    if (peers_.erase(connection) == 0) return;
    tell([=](Node& node, Now when) { node.on_close(connection, why, when, ban); });
}

void Machine::on_drained(ConnectionId connection) {
    const auto peer = peers_.find(connection);
    if (peer == peers_.end()) return;
    serve(connection, peer->second);
    around_.network.resume(connection, id_);
}

void Machine::serve(ConnectionId connection, Peer& peer) {
    if (!view_) return;
    while (around_.network.queued(connection, id_) <= net::limits::kSendQueuePause) {
        auto part = peer.answers.next(Staged{view_->store});
        if (part.apart) peer.answers.give(net::frame_of(Staged{view_->store}, *part.apart));
        if (!part.frame) {
            if (part.more) continue;
            return;
        }
        if (!around_.network.send(connection, id_,
                                  std::make_shared<const Bytes>(std::move(*part.frame))))
            return;
    }
}

void Machine::hang_up(ConnectionId connection, const std::string& why, bool ban) {
    around_.network.close(connection, id_);
    closed_.emplace_back(connection, why);
    if (closed_.size() > kClosedMax) closed_.pop_front();
    around_.trace.say(around_.scheduler.now(), options_.address.to_string() + " hangs up on " +
                                                   std::to_string(connection) + ": " + why);
    tell_closed(connection, why, ban);
}

bool Machine::mine(const Address& to) {
    if (!node() || !template_) return false;
    const auto extra = reward_extra(++extranonce_ << 8 | id_, {});
    Assembled block = assemble(*template_, to, extra, now().wall);
    const auto target = expand(block.header.bits);
    ENSURE(target.has_value());
    const auto nonce = search(block.header, {0, 1ULL << 32}, *target);
    ENSURE(nonce.has_value());
    block.header.nonce = *nonce;
    auto checked =
        around_.checker.block(std::make_shared<const Bytes>(encode_block(*template_, block)));
    ENSURE(checked.has_value());  // our own template
    around_.found(*this, *checked);
    post(Lane::blocks, {[found = *checked](Node& node, Now when) {
                            (void)node.submit(found, when);  // a stale one may be refused
                        },
                        nullptr});
    return true;
}

void Machine::register_nodes(const std::vector<std::string>& texts, Tick within) {
    registered_.reset();
    post(Lane::peers, {[ticket = next_ticket_++, texts, within](Node& node, Now when) {
                           node.register_nodes(ticket, texts, when.steady + within, when);
                       },
                       nullptr});
}

void Machine::resolve(Tick within) {
    resolved_.reset();
    post(Lane::peers, {[ticket = next_ticket_++, within](Node& node, Now when) {
                           node.resolve(ticket, when.steady + within, when);
                       },
                       nullptr});
}

net::Hello Machine::hello() const {
    net::Hello hello;
    hello.key = key_;
    hello.listens_on = options_.address.port;
    hello.agent = "cairn/sim";
    if (view_) {
        hello.tip = view_->tip.hash;
        hello.height = view_->tip.height;
        hello.work = view_->tip.work;
    }
    return hello;
}

}  // namespace cairn::sim
