#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <set>

#include "ledger/testing/chain_builder.hpp"
#include "ledger/testing/map_store.hpp"
#include "net/protocol/codec.hpp"
#include "net/serve/serve.hpp"
#include "node/node.hpp"

namespace cairn::testing {

/// Some nodes on one host, each at a port of its own, that pass each other's actions by hand, and
/// strangers that a test speaks for. Everything that is sent arrives at once and in order; a cut
/// wire refuses dials and ends what goes over it. Time stands still unless a test moves it.
class World {
public:
    using PeerId = net::PeerId;
    static constexpr UnixSeconds kWall = 1'900'000'000;
    static constexpr Tick kSoon = 10'000;  // ms, the deadline of questions

    struct Member {
        NodeOptions options;
        net::NodeAddress address;
        MapStore store;
        std::unique_ptr<Node> node;
        std::map<PeerId, std::pair<std::size_t, PeerId>> wires;  // to whom, and its id there
        std::map<PeerId, std::vector<net::Message>> said;        // to strangers
        std::map<PeerId, net::Close> closed;
        std::vector<net::NodeAddress> dials;
        std::set<PeerId> favoured;
        std::vector<net::Registered> registered;
        std::vector<net::Resolved> resolved;
        std::size_t inv_items = 0;     // of transfers, sent to anybody
        std::size_t bodies_asked = 0;  // blocks
    };

    explicit World(std::size_t count, bool gossip = true) {
        for (std::size_t i = 0; i < count; ++i) add(gossip);
    }
    std::size_t add(bool gossip = true) {
        const std::size_t i = members_.size();
        Member& member = members_.emplace_back();
        member.address = {"127.0.0.1", static_cast<std::uint16_t>(5001 + i)};
        member.options.peers.gossip = gossip;
        member.options.peers.key = chain.keys().address(1000 + i);
        member.options.peers.listens_on = member.address.port;
        member.options.peers.seed = 77 + i;
        open(i);
        return i;
    }
    /// As the process does at its start; what the old one knew of connections is gone.
    void open(std::size_t i) {
        Member& member = members_[i];
        for (const auto& [id, other] : std::exchange(member.wires, {})) {
            members_[other.first].wires.erase(other.second);
            members_[other.first].node->on_close(other.second, "the connection was reset", now);
        }
        member.node.reset();
        auto opened = Node::open(chain.params(), member.store, member.options, now);
        ASSERT_TRUE(opened) << opened.error().detail;
        member.node = std::move(*opened);
    }
    Member& operator[](std::size_t i) { return members_[i]; }
    Node& node(std::size_t i) { return *members_[i].node; }
    [[nodiscard]] std::string at(std::size_t i) const { return members_[i].address.to_string(); }
    [[nodiscard]] BlockHash tip(std::size_t i) { return node(i).ledger().tip().hash; }

    /// Commits, delivers and goes on until nothing is left to do.
    void run() {
        for (bool busy = true; busy;) {
            busy = false;
            for (std::size_t i = 0; i < members_.size(); ++i) {
                node(i).step(now);
                auto committed = node(i).commit(now);
                ASSERT_TRUE(committed);
                busy = busy || node(i).has_more() || !committed->actions.empty();
                for (auto& action : committed->actions) carry_out(i, std::move(action));
            }
            while (!mail_.empty()) {
                busy = true;
                auto next = std::move(mail_.front());
                mail_.pop_front();
                next();
            }
        }
    }
    void pass(Tick ms, Tick step = 250) {
        for (Tick end = now.steady + ms; now.steady < end;) {
            now.steady = std::min(end, now.steady + step);
            now.wall = kWall + static_cast<UnixSeconds>(now.steady / 1000);
            for (std::size_t i = 0; i < members_.size(); ++i) node(i).on_tick(now);
            run();
        }
    }
    net::RegisterOutcome register_at(std::size_t i, const std::vector<std::string>& texts) {
        node(i).register_nodes(++ticket_, texts, now.steady + kSoon, now);
        run();
        if (members_[i].registered.empty()) pass(kSoon);
        EXPECT_EQ(members_[i].registered.size(), 1u);
        auto answer = std::move(members_[i].registered.back().outcome);
        members_[i].registered.clear();
        return answer;
    }
    net::ResolveOutcome resolve_at(std::size_t i) {
        node(i).resolve(++ticket_, now.steady + kSoon, now);
        run();
        if (members_[i].resolved.empty()) pass(kSoon);
        EXPECT_EQ(members_[i].resolved.size(), 1u);
        auto answer = std::move(members_[i].resolved.back().outcome);
        members_[i].resolved.clear();
        return answer;
    }
    void mine(std::size_t i, BlockWish wish = {}) {
        ASSERT_TRUE(node(i).submit(chain.extend(tip(i), std::move(wish)), now));
        run();
    }

    /// No dials between them, and what stands ends; or again.
    void cut(std::size_t a, std::size_t b) {
        cut_.insert(std::minmax(a, b));
        for (const auto& [id, other] : std::map{members_[a].wires})
            if (other.first == b) unplug(a, id, "the wire was cut");
    }
    void heal() { cut_.clear(); }
    [[nodiscard]] bool wired(std::size_t a, std::size_t b) {
        for (const auto& [id, other] : members_[a].wires)
            if (other.first == b) return true;
        return false;
    }

    /// A stranger has shaken hands.
    PeerId open(std::size_t i, net::Hello hello) {
        const PeerId id = ++last_peer_;
        node(i).on_open(id, hello, now);
        run();
        return id;
    }
    [[nodiscard]] net::Hello stranger(std::uint64_t key, const std::string& ip = "127.0.0.1",
                                      std::uint16_t listens_on = 0) {
        net::Hello hello;
        hello.key = chain.keys().address(key);
        hello.address = {ip, static_cast<std::uint16_t>(40000 + key % 1000)};
        hello.listens_on = listens_on;
        hello.agent = "/stranger/";
        return hello;
    }
    void say(std::size_t i, PeerId from, const net::Message& message) {
        node(i).on_message(from, message, now);
        run();
    }
    [[nodiscard]] std::string why_closed(std::size_t i, PeerId peer) {
        const auto told = members_[i].closed.find(peer);
        return told == members_[i].closed.end() ? "" : told->second.why;
    }
    template <class M>
    std::vector<M> heard(std::size_t i, PeerId stranger) {
        std::vector<M> out;
        for (const auto& message : members_[i].said[stranger])
            if (const auto* one = std::get_if<M>(&message)) out.push_back(*one);
        return out;
    }

    ChainBuilder chain;
    Now now{1'000'000, kWall};
    /// What a dial to a port where nobody is comes to.
    std::map<std::uint16_t, std::pair<std::string, net::DialFault>> odd_ports;

private:
    void carry_out(std::size_t i, net::Action action) {
        Member& member = members_[i];
        if (auto* send = std::get_if<net::Send>(&action)) {
            const auto message = net::decode(*send->frame, chain.params()->spec().max_block);
            ASSERT_TRUE(message) << message.error();
            count(member, *message);
            const auto wire = member.wires.find(send->to);
            if (wire == member.wires.end()) {
                member.said[send->to].push_back(*message);
                return;
            }
            mail_.push_back([this, to = wire->second, m = *message] { deliver(to, m); });
        } else if (auto* close = std::get_if<net::Close>(&action)) {
            member.closed.emplace(close->peer, *close);
            unplug(i, close->peer, close->why);
        } else if (auto* dial = std::get_if<net::Dial>(&action)) {
            member.dials.push_back(dial->to);
            mail_.push_back([this, i, to = dial->to] { connect(i, to); });
        } else if (auto* check = std::get_if<net::Check>(&action)) {
            mail_.push_back([this, i, c = *check] { node(i).on_checked(checked(c), now); });
        } else if (auto* favour = std::get_if<net::Favour>(&action)) {
            member.favoured.insert(favour->peer);
        } else if (auto* registered = std::get_if<net::Registered>(&action)) {
            member.registered.push_back(*registered);
        } else if (auto* resolved = std::get_if<net::Resolved>(&action)) {
            member.resolved.push_back(*resolved);
        } else {
            ADD_FAILURE() << "an offer left the node";
        }
    }
    static void count(Member& member, const net::Message& message) {
        if (const auto* inv = std::get_if<net::Inv>(&message))
            member.inv_items += inv->items.size();
        if (const auto* asked = std::get_if<net::GetData>(&message))
            for (const auto& item : asked->items)
                member.bodies_asked += item.kind == net::ItemKind::block ? 1 : 0;
    }
    /// What the transport answers by itself, and what it hands on.
    void deliver(std::pair<std::size_t, PeerId> to, const net::Message& message) {
        Member& member = members_[to.first];
        const auto wire = member.wires.find(to.second);
        if (wire == member.wires.end()) return;
        const auto answer = [this, back = wire->second](net::Message m) {
            mail_.push_back([this, back, m = std::move(m)] { deliver(back, m); });
        };
        const Staged rows{member.store.snapshot()};
        if (const auto* question = std::get_if<net::GetHeaders>(&message)) {
            answer(net::headers_after(rows, *question));
        } else if (const auto* asked = std::get_if<net::GetData>(&message)) {
            for (const auto& item : asked->items) {
                auto frame = net::frame_of(rows, item);
                answer(frame ? *net::decode(std::move(*frame), chain.params()->spec().max_block)
                             : net::Message{net::NotFound{{item}}});
            }
        } else if (const auto* pool = std::get_if<net::Mempool>(&message)) {
            if (pool->page) return answer(net::pool_page(rows, *pool->page));
            Bytes cursor;
            do answer(net::pool_inventory(rows, cursor));
            while (!cursor.empty());
        } else {
            member.node->on_message(to.second, message, now);
        }
    }
    void connect(std::size_t from, const net::NodeAddress& to) {
        Node& dialler = node(from);
        if (const auto odd = odd_ports.find(to.port); odd != odd_ports.end())
            return dialler.on_dial_failed(to, odd->second.first, now, odd->second.second);
        const std::size_t there = to.port - std::size_t{5001};
        if (to.port < 5001 || there >= members_.size() || cut_.contains(std::minmax(from, there)))
            return dialler.on_dial_failed(to, "nobody listens there", now);
        if (there == from)
            return dialler.on_dial_failed(to, "that is this node itself", now,
                                          net::DialFault::itself);
        const PeerId here_id = ++last_peer_;
        const PeerId there_id = ++last_peer_;
        members_[from].wires[here_id] = {there, there_id};
        members_[there].wires[there_id] = {from, here_id};
        const auto hello = [this](std::size_t of, bool outbound, net::NodeAddress address) {
            net::Hello made;
            made.key = members_[of].options.peers.key;
            made.outbound = outbound;
            made.address = std::move(address);
            made.ip = net::parse_ip("127.0.0.1");
            made.listens_on = members_[of].options.peers.listens_on;
            made.agent = "/cairn/";
            made.tip = tip(of);
            made.height = node(of).ledger().tip().height;
            return made;
        };
        dialler.on_open(here_id, hello(there, true, to), now);
        node(there).on_open(
            there_id,
            hello(from, false, {"127.0.0.1", static_cast<std::uint16_t>(40000 + here_id % 20000)}),
            now);
    }
    void unplug(std::size_t i, PeerId id, const std::string& why) {
        const auto wire = members_[i].wires.find(id);
        if (wire == members_[i].wires.end()) return;
        const auto other = wire->second;
        members_[i].wires.erase(wire);
        members_[other.first].wires.erase(other.second);
        mail_.push_back([this, i, id, why] { node(i).on_close(id, why, now); });
        mail_.push_back([this, other] {
            node(other.first).on_close(other.second, "the other side ended the connection", now);
        });
    }
    net::Checked checked(const net::Check& check) {
        net::Checked out{check.from, check.what, Rejection{}};
        if (check.what.kind == net::ItemKind::block) {
            auto block = check_block(check.bytes, *chain.params(), nullptr);
            if (block)
                out.outcome = *block;
            else
                out.outcome = block.error();
        } else {
            auto transfer = check_transfer(*check.bytes, *chain.params());
            if (transfer)
                out.outcome = *transfer;
            else
                out.outcome = transfer.error();
        }
        return out;
    }

    std::deque<Member> members_;
    std::deque<std::function<void()>> mail_;
    std::set<std::pair<std::size_t, std::size_t>> cut_;
    PeerId last_peer_ = 0;
    net::Ticket ticket_ = 0;
};

}  // namespace cairn::testing
