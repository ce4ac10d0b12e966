#pragma once

#include <memory>

#include "api/api.hpp"
#include "api/http/server.hpp"
#include "app/clock.hpp"
#include "app/inventories.hpp"
#include "app/login_threads.hpp"
#include "app/node_thread.hpp"
#include "app/nodes_desk.hpp"
#include "app/slow_threads.hpp"
#include "bench/support/stores.hpp"

namespace cairn::bench {

/// A desk at which nobody mines.
class IdleDesk final : public MineDesk {
public:
    void mine(MineOrder, std::stop_token, std::function<void(Mined)> done) override { done({}); }
    [[nodiscard]] bool is_mining() const override { return false; }
};

/// A node of the dev chain behind its HTTP interface, put together as `cairn node` does, without
/// log.
class ServedNode {
public:
    explicit ServedNode(unsigned io_threads) {
        NodeThreadHooks hooks;
        hooks.now = read_clocks;
        hooks.recover = [] { return Result<void, StoreError>{}; };
        hooks.committed = [](const Committed&) {};
        hooks.trouble = [](const StoreError*) { ENSURE(false); };
        auto started = NodeThread::start(params_, *store_, {}, std::move(hooks));
        ENSURE(started.has_value());
        node_ = std::move(*started);

        nodes_ = std::make_unique<GateNodesDesk>(
            *node_, rounds_, [](net::PeerId) { return std::optional<net::PeerTraffic>{}; });
        ApiOptions options;
        options.auth = false;
        options.version = "bench";
        services_.reset(new Services{options, params_, *node_, desk_, *nodes_, slow_, *users_,
                                     sessions_, logins_, argon2_, names_,
                                     Objects{params_->spec(), names_}, read_clocks, nullptr});
        api_ = std::make_unique<Api>(*services_);
        http::ServerConfig config;
        config.port = 0;
        config.threads = io_threads;
        auto server = http::Server::start(config, *api_);
        ENSURE(server.has_value());
        server_ = std::move(*server);
    }
    ~ServedNode() {
        nodes_->stop();
        rounds_.stop();
        server_->stop();
        slow_.stop();
        node_->stop();
    }
    ServedNode(const ServedNode&) = delete;
    ServedNode& operator=(const ServedNode&) = delete;

    [[nodiscard]] std::uint16_t port() const { return server_->port(); }
    [[nodiscard]] const std::shared_ptr<const ChainParams>& params() const { return params_; }
    [[nodiscard]] PoolSize pool() const { return node_->view()->pool; }
    [[nodiscard]] const TempFolder& folder() const { return folder_; }

private:
    std::shared_ptr<const ChainParams> params_ = dev_params();
    TempFolder folder_;
    std::unique_ptr<RocksStore> store_ = open_rocks(folder_.path("store"));
    std::unique_ptr<Users> users_ = std::move(*Users::open(folder_.path("")));
    std::unique_ptr<NodeThread> node_;
    IdleDesk desk_;
    InventoryRounds rounds_{read_clocks};
    std::unique_ptr<GateNodesDesk> nodes_;
    SlowThreads slow_;
    Sessions sessions_;
    Argon2Gate argon2_;
    Login login_{*users_, sessions_, argon2_};
    LoginThreads logins_{login_, sessions_, read_clocks};
    NameBook names_;
    std::unique_ptr<Services> services_;
    std::unique_ptr<Api> api_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace cairn::bench
