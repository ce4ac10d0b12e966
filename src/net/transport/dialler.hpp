#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "net/node_address.hpp"
#include "net/transport/line.hpp"

namespace cairn::net::transport {

/// A connection to a node, and where it led.
struct Dialled {
    boost::asio::ip::tcp::socket socket;
    IpBytes ip{};
};
using DialOutcome = Result<Dialled, std::string>;

/// One try to reach an address: its name is resolved, each address found is asked for its class at
/// this very time, and those that a node may have are tried in turn. No name leads anywhere else
/// between the check and the connection. Resolving blocks, so that a thread of its own does it,
/// which outlives this if it must.
class Dialler : public std::enable_shared_from_this<Dialler> {
public:
    using Done = std::function<void(DialOutcome)>;

    /// `done` is called once, from the loop. The error is a sentence.
    Dialler(boost::asio::io_context& context, std::shared_ptr<Line> line, NodeAddress to, Done done)
        : context_{context},
          line_{std::move(line)},
          to_{std::move(to)},
          socket_{context},
          done_{std::move(done)} {}

    void start();
    /// Ends the try with this sentence, if it has not ended.
    void give_up(std::string why);

private:
    void on_resolved(std::vector<IpBytes> found);
    void try_next();
    void finish(DialOutcome outcome);

    boost::asio::io_context& context_;
    std::shared_ptr<Line> line_;
    NodeAddress to_;
    boost::asio::ip::tcp::socket socket_;
    Done done_;
    std::vector<IpBytes> candidates_;
    std::size_t next_ = 0;
    std::string last_error_;
};

}  // namespace cairn::net::transport
