#include "sim/machine.hpp"

#include <algorithm>

#include "core/base/ensure.hpp"
#include "miner/search.hpp"
#include "net/limits.hpp"
#include "net/protocol/codec.hpp"

namespace cairn::sim {
namespace {

// As the node's thread and the transport have them.
constexpr std::size_t kWaitingMax = 64;  // events of one peer before the node
constexpr std::size_t kGroupMax = 1024;
constexpr std::size_t kPeersOfGroup = 512;
constexpr Micros kTick = 250 * kMillisecond;
constexpr Micros kRecover = kSecond;
constexpr std::size_t kClosedMax = 1'000;

// How long the node's thread is taken up; measured orders of magnitude, no more.
constexpr Micros kCommandTakes = 20;
constexpr std::size_t kBytesPerMicro = 40;
constexpr Micros kTransferCheckTakes = 70;

net::NodeKey key_of(const net::NodeAddress& address) {
    return {sha256(as_bytes("node key of " + address.to_string())).bytes};
}

}  // namespace

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
    if (!node_) return;
    around_.scheduler.after(kTick, of_this_process([this] { tick(); }));
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
    auto opened = Node::open(around_.chain, disk_, std::move(options), now());
    if (opened) {
        node_ = std::move(*opened);
        node_->set_mining(mining_);
        auto first = node_->commit(now());
        if (!first)
            node_.reset();
        else {
            around_.committed(*this, *first);
            finish(*first, std::make_shared<Group>());
        }
    }
    if (node_) return wake();
    if (disk_.stopped()) return power_off();
    around_.scheduler.after(kRecover, of_this_process([this] { open_node(); }));
}

void Machine::forget_process() {
    process_ = 0;
    node_.reset();
    view_.reset();
    template_.reset();
    peers_.clear();
    for (auto& lane : lanes_) lane.clear();
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

void Machine::tick() {
    // An empty job wakes the thread, as its clock does.
    wake();
    around_.scheduler.after(kTick, of_this_process([this] { tick(); }));
}

void Machine::post(Lane lane, Job job) {
    if (process_ == 0) return;
    lanes_[static_cast<std::size_t>(lane)].push_back(std::move(job));
    wake();
}

void Machine::set_mining(bool on) {
    mining_ = on;
    if (!node_) return;
    node_->set_mining(on);
    wake();
}

void Machine::wake() {
    if (busy_ || woken_ || !node_) return;
    woken_ = true;
    around_.scheduler.after(0, of_this_process([this] { work(); }));
}

void Machine::work() {
    woken_ = false;
    if (!node_ || busy_) return;
    busy_ = true;
    cost_ = 0;
    const Now moment = now();
    auto group = std::make_shared<Group>();
    for (auto& lane : lanes_) {
        const bool of_peers = &lane == &lanes_[static_cast<std::size_t>(Lane::peers)];
        const std::size_t most = of_peers ? group->size() + kPeersOfGroup : kGroupMax;
        while (!lane.empty() && group->size() < most) {
            group->push_back(std::move(lane.front()));
            lane.pop_front();
        }
    }
    for (auto& job : *group) job.run(*node_, moment);
    node_->step(moment);
    node_->on_tick(moment);
    const auto written = disk_.acknowledged();
    auto committed = node_->commit(moment);
    cost_ += kCommandTakes * (group->size() + 1);
    worked_ += cost_;
    if (!committed) return write_failed(group);
    if (disk_.acknowledged() != written) cost_ += options_.write_takes;
    around_.committed(*this, *committed);
    if (process_ == 0) return;
    around_.scheduler.after(
        cost_, of_this_process([this, group,
                                result = std::make_shared<const Committed>(std::move(*committed))] {
            busy_ = false;
            finish(*result, group);
            const bool more = std::any_of(lanes_.begin(), lanes_.end(),
                                          [](const auto& lane) { return !lane.empty(); });
            if (more || (node_ && node_->has_more())) wake();
        }));
}

void Machine::finish(const Committed& committed, const std::shared_ptr<Group>& group) {
    view_ = committed.view;
    generation_ = view_->generation + 1;
    if (committed.work) template_ = committed.work;
    for (const auto& job : *group) {
        if (job.done) job.done(true);
        if (job.finished) job.finished();
    }
    carry_out(committed.actions);
}

void Machine::write_failed(const std::shared_ptr<Group>& group) {
    if (disk_.stopped()) return power_off();
    around_.trace.say(around_.scheduler.now(), options_.address.to_string() + " fails to write");
    busy_ = false;
    node_.reset();
    template_.reset();
    for (auto& lane : lanes_) {
        std::move(lane.begin(), lane.end(), std::back_inserter(*group));
        lane.clear();
    }
    for (const auto& job : *group)
        if (job.done) job.done(false);
    // The node that comes next knows none of these.
    peers_.clear();
    around_.network.drop_all(id_);
    around_.scheduler.after(kRecover, of_this_process([this] { open_node(); }));
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
            around_.scheduler.after(
                takes, of_this_process([this, body = *body] {
                    auto checked = around_.checker.check(body);
                    post(Lane::peers,
                         {[this, checked, size = body.bytes->size()](Node& node, Now when) {
                              cost_ += size / kBytesPerMicro;
                              node.on_checked(checked, when);
                          },
                          nullptr, nullptr});
                }));
        } else if (const auto* registered = std::get_if<net::Registered>(&action)) {
            registered_ = registered->outcome;
        } else if (const auto* resolved = std::get_if<net::Resolved>(&action)) {
            resolved_ = resolved->outcome;
        }
    }
}

bool Machine::reads(ConnectionId connection) const {
    const auto peer = peers_.find(connection);
    return peer == peers_.end() ||
           (peer->second.waiting < kWaitingMax &&
            around_.network.queued(connection, id_) <= net::limits::kSendQueuePause);
}

void Machine::on_open(ConnectionId connection, const net::Hello& other) {
    peers_.emplace(connection, Peer{});
    post(Lane::peers,
         {[connection, other](Node& node, Now when) { node.on_open(connection, other, when); },
          nullptr, nullptr});
}

void Machine::on_dial_failed(const net::NodeAddress& to, const std::string& why) {
    post(Lane::peers, {[to, why](Node& node, Now when) {
                           const auto fault = why.find("itself") == std::string::npos
                                                  ? net::DialFault::unreachable
                                                  : net::DialFault::itself;
                           node.on_dial_failed(to, why, when, fault);
                       },
                       nullptr, nullptr});
}

void Machine::on_frame(ConnectionId connection, const SharedBytes& frame) {
    const auto peer = peers_.find(connection);
    if (peer == peers_.end() || !node_) return;
    const auto max_block = around_.chain->spec().max_block;
    if (frame->size() > net::max_frame(max_block))
        return hang_up(connection, "a message that is too large", true);
    auto message = net::decode(*frame, max_block);
    if (!message) return hang_up(connection, message.error(), true);
    if (peer->second.server.takes(*message)) return serve(connection, peer->second);
    ++peer->second.waiting;
    auto shared = std::make_shared<const net::Message>(std::move(*message));
    post(Lane::peers, {[this, connection, shared, size = frame->size()](Node& node, Now when) {
                           cost_ += size / kBytesPerMicro;
                           node.on_message(connection, *shared, when);
                       },
                       nullptr,
                       [this, connection] {
                           const auto known = peers_.find(connection);
                           if (known == peers_.end()) return;
                           --known->second.waiting;
                           around_.network.resume(connection, id_);
                       }});
}

void Machine::on_close(ConnectionId connection, const std::string& why) {
    tell_closed(connection, why, false);
}

void Machine::tell_closed(ConnectionId connection, const std::string& why, bool ban) {
    if (peers_.erase(connection) == 0) return;
    post(Lane::peers, {[connection, why, ban](Node& node, Now when) {
                           node.on_close(connection, why, when, ban);
                       },
                       nullptr, nullptr});
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
        auto frame = peer.server.next(view_->store);
        if (!frame || !around_.network.send(connection, id_, std::move(frame))) return;
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
    if (!node_ || !template_) return false;
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
                        nullptr, nullptr});
    return true;
}

void Machine::register_nodes(const std::vector<std::string>& texts, Tick within) {
    registered_.reset();
    post(Lane::peers, {[ticket = next_ticket_++, texts, within](Node& node, Now when) {
                           node.register_nodes(ticket, texts, when.steady + within, when);
                       },
                       nullptr, nullptr});
}

void Machine::resolve(Tick within) {
    resolved_.reset();
    post(Lane::peers, {[ticket = next_ticket_++, within](Node& node, Now when) {
                           node.resolve(ticket, when.steady + within, when);
                       },
                       nullptr, nullptr});
}

bool Machine::is_idle() const {
    return !busy_ &&
           std::all_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane.empty(); });
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
