#pragma once

#include "sim/network.hpp"

namespace cairn::sim {

/// Sends the same full message of headers as fast as it is read, and comes back whenever he is
/// thrown out, as somebody new.
class Flooder final : public Host {
public:
    Flooder(Scheduler& scheduler, Network& network, const net::NodeAddress& address,
            const net::NodeAddress& target, SharedBytes frame);

    void begin() { network_.dial(id_, target_); }
    [[nodiscard]] HostId id() const { return id_; }
    [[nodiscard]] std::uint64_t sent() const { return sent_; }
    [[nodiscard]] std::uint64_t thrown_out() const { return thrown_out_; }

    [[nodiscard]] net::Hello hello() const override;
    [[nodiscard]] bool is_on() const override { return true; }
    [[nodiscard]] std::uint64_t process() const override { return 1; }
    [[nodiscard]] bool listens() const override { return false; }
    [[nodiscard]] bool reads(ConnectionId) const override { return true; }
    void on_open(ConnectionId connection, const net::Hello& other) override;
    void on_dial_failed(const net::NodeAddress& to, const std::string& why,
                        net::DialFault fault) override;
    void on_frame(ConnectionId connection, const SharedBytes& frame) override;
    void on_close(ConnectionId connection, const std::string& why) override;
    void on_drained(ConnectionId connection) override { fill(connection); }

private:
    void fill(ConnectionId connection);

    Scheduler& scheduler_;
    Network& network_;
    HostId id_;
    net::NodeAddress target_;
    SharedBytes frame_;
    std::uint64_t sent_ = 0;
    std::uint64_t thrown_out_ = 0;
};

}  // namespace cairn::sim
