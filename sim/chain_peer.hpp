#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/network.hpp"

namespace cairn::sim {

/// What sets a `ChainPeer` apart from an honest one.
struct Conduct {
    /// What he answers for a body; null: nothing at all. Not set: the body.
    std::function<SharedBytes(const BlockHash&)> body;
    /// Shows his newest headers as soon as he is connected, unasked.
    bool announces = true;
};

/// Somebody who is no node of ours but speaks the protocol to one: has a chain, honest or not,
/// shows its headers, and hands out its bodies or something else. He reads all he is sent and keeps
/// nothing.
class ChainPeer final : public Host {
public:
    ChainPeer(Network& network, const ChainParams& params, const net::NodeAddress& address,
              Conduct conduct = {});

    /// The next block of his chain; its header is taken as it stands.
    void add(SharedBytes block);
    void dial(const net::NodeAddress& to) { network_.dial(id_, to); }
    /// Shows the newest `count` headers to all he is connected with.
    void announce(std::size_t count);
    void say(const net::Message& message);

    [[nodiscard]] std::size_t connected() const { return open_.size(); }
    /// Connections that the other side ended.
    [[nodiscard]] std::size_t closed() const { return closed_; }
    [[nodiscard]] std::size_t refused_dials() const { return refused_dials_; }
    /// How often a body was asked of him.
    [[nodiscard]] const std::map<BlockHash, std::size_t>& asked() const { return asked_; }
    [[nodiscard]] HostId id() const { return id_; }
    /// A body of his chain; null of genesis, and of what is not in it.
    [[nodiscard]] SharedBytes body(const BlockHash& hash) const {
        const auto known = bodies_.find(hash);
        return known == bodies_.end() ? nullptr : known->second;
    }
    [[nodiscard]] const std::vector<HashedHeader>& headers() const { return headers_; }

    [[nodiscard]] net::Hello hello() const override;
    [[nodiscard]] bool is_on() const override { return true; }
    [[nodiscard]] std::uint64_t process() const override { return 1; }
    [[nodiscard]] bool listens() const override { return true; }
    [[nodiscard]] bool reads(ConnectionId) const override { return true; }
    void on_open(ConnectionId connection, const net::Hello& other) override;
    void on_dial_failed(const net::NodeAddress& to, const std::string& why,
                        net::DialFault fault) override;
    void on_frame(ConnectionId connection, const SharedBytes& frame) override;
    void on_close(ConnectionId connection, const std::string& why) override;
    void on_drained(ConnectionId) override {}

private:
    void answer(ConnectionId connection, const net::Message& message);
    void send(ConnectionId connection, const net::Message& message);

    Network& network_;
    std::size_t max_block_;
    Conduct conduct_;
    HostId id_;
    net::NodeKey key_;
    std::vector<HashedHeader> headers_;  // genesis first
    ChainWork work_;
    std::map<BlockHash, SharedBytes> bodies_;
    std::set<ConnectionId> open_;
    std::map<BlockHash, std::size_t> asked_;
    std::size_t closed_ = 0;
    std::size_t refused_dials_ = 0;
};

}  // namespace cairn::sim
