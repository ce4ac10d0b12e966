#include "app/run_node.hpp"

#include <atomic>
#include <cmath>
#include <filesystem>
#include <future>
#include <iostream>
#include <thread>

#include "api/api.hpp"
#include "api/http/server.hpp"
#include "api/parse.hpp"
#include "app/chain_file.hpp"
#include "app/clock.hpp"
#include "app/clock_watch.hpp"
#include "app/command_line.hpp"
#include "app/file_plan.hpp"
#include "app/inventories.hpp"
#include "app/limit_log.hpp"
#include "app/log.hpp"
#include "app/login_threads.hpp"
#include "app/machine_limits.hpp"
#include "app/memory_plan.hpp"
#include "app/memory_watch.hpp"
#include "app/mine_on.hpp"
#include "app/miner_desk.hpp"
#include "app/node_key.hpp"
#include "app/node_thread.hpp"
#include "app/nodes_desk.hpp"
#include "app/peer_network.hpp"
#include "app/refuse.hpp"
#include "app/signals.hpp"
#include "app/slow_threads.hpp"
#include "app/store.hpp"
#include "core/primitives/coins.hpp"
#include "net/node_address.hpp"
#include "os/cpu_time.hpp"
#include "wallet/atomic_file.hpp"
#include "wallet/node_place.hpp"
#include "wallet/random.hpp"

namespace cairn {
namespace {

constexpr std::size_t kThreadsBeside = 32;  // of a node, beside its miners

/// The operator as every caller where there is no log-in, with the key if its password is at hand.
std::shared_ptr<const Caller> owner_of(const Users& users, const std::string& datadir) {
    const UserPtr user = users.find("operator");
    if (!user) return nullptr;
    auto owner =
        std::make_shared<Caller>(Caller{user->name, Role::operator_, user->address, nullptr});
    const auto password = Users::read_operator_password(datadir);
    if (!password) return owner;
    auto key = Users::unlock(*user, *password);
    if (key) owner->key = UnlockedKey::make(std::move(*key));
    return owner;
}

void welcome(const Users::FirstOperator& first, const Users& users) {
    std::cout << "First start: made the user \"operator\".\n"
              << "  password: " << first.password.reveal() << "\n"
              << "            (kept in " << users.operator_password_file().string() << ")\n"
              << "  24 words that restore its key, shown this once:\n"
              << "            " << first.words.reveal() << "\n"
              << std::flush;
}

void log_commit(const Committed& committed, LineBudget& drops) {
    const Tip& tip = committed.view->tip;
    if (!committed.change.disconnected.empty() && tip.height == 1)
        log::info("restarted", {{"index", tip.height}, {"hash", tip.hash.to_string()}});
    else if (!committed.change.disconnected.empty())
        log::info("reorganised", {{"disconnected", committed.change.disconnected.size()},
                                  {"connected", committed.change.connected.size()},
                                  {"index", tip.height},
                                  {"hash", tip.hash.to_string()}});
    else if (!committed.change.connected.empty())
        log::info("connected", {{"blocks", committed.change.connected.size()},
                                {"index", tip.height},
                                {"hash", tip.hash.to_string()},
                                {"pool", committed.view->pool.transfers}});
    for (const auto& dropped : committed.settled.dropped) {
        if (!drops.take(read_clocks().steady)) continue;
        log::info("dropped",
                  {{"id", dropped.transfer->id().to_string()}, {"reason", dropped.reason}});
    }
}

void log_paused(const std::string& why) {
    if (why.empty()) return log::info("mining goes on");
    log::warn("mining pauses", {{"reason", why}});
}

/// Brings answers that took more than one commit to those who asked.
void tell(GateNodesDesk& nodes, const net::Actions& actions) {
    for (const auto& action : actions) {
        if (const auto* registered = std::get_if<net::Registered>(&action))
            nodes.on_registered(*registered);
        if (const auto* resolved = std::get_if<net::Resolved>(&action))
            nodes.on_resolved(*resolved);
    }
}

/// `--connect` and `--allow-node`.
Result<net::PeersOptions, std::string> peers_options(const NodeSettings& settings,
                                                     const Endpoint& endpoint) {
    net::PeersOptions peers;
    peers.gossip = settings.gossip == "on";
    for (const std::string& text : settings.connect) {
        auto address = net::parse_node_address(text);
        if (!address) return fail("--connect " + text + ": " + address.error());
        peers.connect.push_back(std::move(*address));
    }
    for (const std::string& text : settings.allow_nodes) {
        const auto bytes = from_hex(text);
        if (!bytes || bytes->size() != 32)
            return fail("--allow-node: expected a node's key, 64 hex digits, found \"" + text +
                        "\"");
        net::NodeKey key;
        std::copy(bytes->begin(), bytes->end(), key.bytes.begin());
        peers.allowed.push_back(key);
    }
    // Without TLS whoever stands in between may take a connection over once it has shaken hands.
    if (!peers.allowed.empty() && !is_loopback(endpoint.address))
        return fail(
            "--allow-node beyond loopback needs TLS, which this version does not have: let "
            "--http listen on 127.0.0.1, or leave --allow-node out");
    const auto seed = random_bytes<8>();
    for (const std::uint8_t byte : seed) peers.seed = peers.seed << 8 | byte;
    return peers;
}

/// Everything that was checked before anything is started.
struct Plan {
    std::shared_ptr<const ChainParams> chain;
    Endpoint endpoint;
    bool auth = true;
    std::string datadir;
    MemoryPlan memory;
    FilePlan files;
    NodeOptions options;
    std::optional<NamedAddress> mine_to;
    MineOn mine_on;
    http::TrustedProxies proxies;
};

Result<Plan, std::string> make_plan(const NodeSettings& settings, const NameBook& names) {
    Plan plan;
    if (auto gap = no_name_for_datadir(settings.datadir, settings.chain))
        return fail(std::move(*gap));
    auto chain = load_chain(settings.chain);
    if (!chain) return fail(std::move(chain.error()));
    plan.chain = std::move(*chain);
    auto endpoint = parse_endpoint(settings.http);
    if (!endpoint) return fail(std::move(endpoint.error()));
    plan.endpoint = std::move(*endpoint);
    // Names are for learning, and so is a chain that has them.
    plan.auth = settings.auth.empty() ? !plan.chain->spec().names : settings.auth == "on";
    if (!plan.auth && !is_loopback(plan.endpoint.address)) {
        if (settings.auth.empty())
            plan.auth = true;
        else
            return fail("--auth off is for loopback addresses only, and --http says " +
                        settings.http + ": listen on 127.0.0.1, or leave log-in on");
    }
    for (const std::string& host : settings.hosts)
        if (const auto flaw = http::flaw_of_host(host))
            return fail("--host " + host + ": it " + *flaw);
    auto memory = plan_memory(settings.memory_mib, settings.pool_mib, plan.chain->spec().max_block);
    if (!memory) return fail(std::move(memory.error()));
    plan.memory = *memory;
    const auto limit = raise_file_limit();
    if (!limit) return fail(limit.error());
    auto files = plan_files(*limit);
    if (!files) return fail(std::move(files.error()));
    plan.files = *files;
    const auto rate = parse_coins(settings.min_fee_rate);
    if (!rate)
        return fail("--min-fee-rate: expected coins per 1,000 bytes such as 0.001, found \"" +
                    settings.min_fee_rate + "\"");
    if (!settings.mine_to.empty()) {
        auto to = parse_named("--mine-to", settings.mine_to, plan.chain->spec(), names);
        if (!to) return fail(std::move(to.error().detail));
        plan.mine_to = std::move(*to);
    }
    auto proxies = http::TrustedProxies::of(settings.trusted_proxies);
    if (!proxies) return fail(std::move(proxies.error()));
    plan.proxies = std::move(*proxies);
    auto mine_on = parse_mine_on(settings, plan.chain->spec());
    if (!mine_on) return fail(std::move(mine_on.error()));
    plan.mine_on = *mine_on;
    auto peers = peers_options(settings, plan.endpoint);
    if (!peers) return fail(std::move(peers.error()));
    plan.options.peers = std::move(*peers);
    plan.options.pool.min_fee_rate = rate->units();
    plan.options.pool.bytes = plan.memory.pool;
    plan.options.ledger.overlay_bytes = plan.memory.staged;
    plan.datadir = datadir_of(settings.datadir, settings.chain);
    if (const auto error = make_private_folder(plan.datadir))
        return fail("--datadir " + plan.datadir + ": this folder cannot be used: " +
                    error.message() + "; choose one in which you may write");
    return plan;
}

Result<MinerSettings, std::string> miner_settings(const NodeSettings& settings, const Plan& plan,
                                                  const Users& users) {
    MinerSettings miner;
    miner.threads = settings.threads != 0 ? settings.threads
                                          : std::max(1U, std::thread::hardware_concurrency());
    miner.order_timeout_ms = Tick{settings.mine_timeout} * 1000;
    const MineOn& mine_on = plan.mine_on;
    if (!settings.mine && mine_on.when == MineOn::When::request) return miner;
    BackgroundMining background;
    if (plan.mine_to) {
        background.to = plan.mine_to->address;
        if (plan.mine_to->name) {
            const std::string note =
                encode_envelope(Envelope{std::nullopt, plan.mine_to->name, std::nullopt});
            append(background.note, as_bytes(note));
        }
    } else if (const UserPtr user = users.find("operator")) {
        background.to = user->address;
    } else {
        return fail(
            "--mine and --mine-on need --mine-to ADDRESS: there is no user \"operator\" "
            "whom they could pay");
    }
    background.on_transfer = mine_on.when == MineOn::When::transfer;
    background.even = mine_on.when == MineOn::When::interval;
    background.mean_wait_ms = mine_on.interval_ms;
    if (settings.mine && plan.chain->spec().mode == DifficultyMode::fixed)
        background.mean_wait_ms =
            static_cast<std::uint64_t>(std::llround(settings.mine_every * 1000));
    miner.background = std::move(background);
    return miner;
}

/// `memory`: of the whole process.
http::ServerConfig server_config(const NodeSettings& settings, const Plan& plan,
                                 MemoryBudget& memory) {
    http::ServerConfig config;
    config.address = plan.endpoint.address;
    config.port = plan.endpoint.port;
    config.threads = std::max(1U, std::thread::hardware_concurrency());
    config.proxies = plan.proxies;
    config.guard.hosts = settings.hosts;
    config.guard.cors_origins = settings.cors;
    config.guard.dev = plan.chain->spec().names;
    config.connections =
        std::min(plan.files.http, plan.memory.connections / http::kConnectionBytes);
    config.requests = memory.part(plan.memory.requests);
    config.answers = memory.part(plan.memory.answers);
    return config;
}

std::string url_of(const Endpoint& endpoint, std::uint16_t port) {
    const bool v6 = endpoint.address.find(':') != std::string::npos;
    return "http://" + (v6 ? "[" + endpoint.address + "]" : endpoint.address) + ":" +
           std::to_string(port);
}

}  // namespace

int run_node(const NodeSettings& settings) {
    tame_allocator();
    const NameBook names;
    auto plan = make_plan(settings, names);
    if (!plan) return refuse(plan.error());
    log::Level level = log::Level::info;
    if (!log::parse_level(settings.log_level, level)) return refuse("--log-level: unknown word");
    log::open(level, settings.log_format == "json" ? log::Format::json : log::Format::text);
    const Signals signals{[](int signal) {
        log::info("signal ignored", {{"signal", signal_name(signal)}});
    }};
    // Its workers, and the threads of the rest of the process.
    const std::size_t miners =
        settings.threads != 0 ? settings.threads : std::thread::hardware_concurrency();
    if (auto lack = machine_lacks(miners + kThreadsBeside, kAddressSpaceLeast))
        return refuse(*lack);
    if (others_may_write(plan->datadir))
        log::warn("others may write in the data folder and can so take over the node",
                  {{"datadir", plan->datadir}});

    auto users = Users::open(plan->datadir);
    if (!users)
        return refuse("the users in " + plan->datadir +
                      " cannot be read: " + std::string{describe(users.error())});
    // Its Argon2 is most of a start, and the store can be opened meanwhile.
    std::future<std::shared_ptr<const Caller>> owner;
    if (!plan->auth && (*users)->find("operator"))
        owner = std::async(std::launch::async, [&] { return owner_of(**users, plan->datadir); });
    auto store = open_store(settings.store, plan->datadir,
                            {.cache_bytes = plan->memory.store_cache,
                             .memtable_bytes = plan->memory.store_table,
                             .open_files = plan->files.store},
                            [](const std::string& line) {
                                log::warn("store", {{"detail", line}});
                            });
    if (!store) return refuse(store.error());
    for (const auto& file : (*users)->refused())
        log::warn("user file refused", {{"file", file.file_name}, {"reason", file.reason}});
    auto first = (*users)->ensure_operator();
    if (!first)
        return refuse("the first user cannot be made: " + std::string{describe(first.error())});
    if (*first) welcome(**first, **users);

    auto miner = miner_settings(settings, *plan, **users);
    if (!miner) return refuse(miner.error());
    auto node_key = load_node_key(plan->datadir);
    if (!node_key) return refuse(node_key.error());
    // Peers are told the port, so that it is taken before there is anybody to serve it.
    auto listener = http::Listener::open(plan->endpoint.address, plan->endpoint.port);
    if (!listener)
        return refuse(listener.error() +
                      "; --http names another address, and port 0 any free port");
    plan->options.peers.key = (*node_key)->address();
    plan->options.peers.listens_on = listener->port();
    const auto memory = MemoryBudget::make(plan->memory.whole);
    LimitLog limits;
    const auto steps = std::make_shared<StepTimes>();  // of the I/O threads
    PeerNetwork network{plan->chain,
                        *node_key,
                        listener->port(),
                        version_text(),
                        limits,
                        {.known = plan->memory.known,
                         .checks = plan->memory.checks,
                         .sockets = memory->part(plan->memory.peers)},
                        steps};

    std::atomic<MinerDesk*> desk_of_hooks{nullptr};
    std::atomic<GateNodesDesk*> nodes_of_hooks{nullptr};
    NodeThreadHooks hooks;
    hooks.now = read_clocks;
    hooks.cpu = thread_cpu_ns;
    hooks.late = [](std::string_view what, std::uint64_t took) {
        log::debug("long step", {{"thread", "node"}, {"step", what}, {"us", took / 1'000}});
    };
    hooks.recover = [&] { return store->recover(); };
    hooks.check = [&] { return store->check(); };
    LineBudget drops{"dropped", limits};
    hooks.committed = [&](const Committed& committed) {
        log_commit(committed, drops);
        const net::Actions answers = network.on_committed(committed);
        if (auto* desk = desk_of_hooks.load(); desk != nullptr && committed.work)
            desk->on_work(committed.work);
        if (auto* nodes = nodes_of_hooks.load(); nodes != nullptr) tell(*nodes, answers);
    };
    hooks.trouble = [&](const StoreError* error) {
        if (error == nullptr) return log::info("store recovered");
        log::error("store failed, read-only until it recovers",
                   {{"detail", error->detail}, {"datadir", plan->datadir}});
        network.on_trouble();
        if (auto* nodes = nodes_of_hooks.load(); nodes != nullptr) nodes->on_trouble();
    };
    auto node = NodeThread::start(plan->chain, *store->store, plan->options, std::move(hooks));
    if (!node) return refuse(plan->datadir + ": " + node.error().detail);
    network.attach(**node);
    if ((*node)->bad_pool_rows() > 0)
        log::warn("damaged pool rows dropped", {{"rows", (*node)->bad_pool_rows()}});
    if ((*node)->bad_peer_rows() > 0)
        log::warn("damaged rows of peers dropped", {{"rows", (*node)->bad_peer_rows()}});

    SlowThreads slow;
    Sessions sessions;
    Argon2Gate argon2;
    Login login{**users, sessions, argon2};
    LoginThreads logins{login, sessions, read_clocks};
    MinerDesk desk{plan->chain,       **node,
                   std::move(*miner), [&](bool on) { (*node)->set_mining(on); },
                   read_clocks,       log_paused};
    desk_of_hooks = &desk;
    desk.start();

    InventoryRounds inventories{
        read_clocks,
        {.round_bytes = plan->memory.inventories / 2, .at_once = plan->files.inventories},
        memory->part(plan->memory.inventories)};
    GateNodesDesk nodes{**node, inventories, [&](net::PeerId peer) { return network.stats(peer); }};
    nodes_of_hooks = &nodes;

    ApiOptions options;
    options.auth = plan->auth;
    options.plain_login = settings.plain_login;
    options.gossip = settings.gossip == "on";
    options.version = version_text();
    Services services{
        options,
        plan->chain,
        **node,
        desk,
        nodes,
        slow,
        **users,
        sessions,
        logins,
        argon2,
        names,
        Objects{plan->chain->spec(), names},
        read_clocks,
        plan->auth ? nullptr : owner.valid() ? owner.get() : owner_of(**users, plan->datadir)};
    std::atomic<bool> stopping = false;
    services.stopping = [&] { return stopping.load(); };
    services.peers = [&](const http::Request& request, std::unique_ptr<http::TakenSocket> socket) {
        network.take(request, std::move(socket));
    };
    services.blocks = std::make_shared<BlockCache>(plan->memory.blocks, &slow);
    services.longest_steps = [&] {
        return LongestSteps{.node = (*node)->times().steps.longest_ns(), .io = steps->longest_ns()};
    };
    Api api{services};
    http::ServerConfig config = server_config(settings, *plan, *memory);
    const std::size_t http_connections = config.connections;
    config.steps = steps;
    config.limit_met = [&](std::string_view what) { limits.met(what, read_clocks().steady); };
    auto server = http::Server::start(std::move(config), api, std::move(*listener));
    if (!server) {
        // A block of the desk's may be on its way through the node.
        network.stop_peers();
        desk.stop();
        desk_of_hooks = nullptr;
        network.stop_checks();
        (*node)->stop();
        nodes_of_hooks = nullptr;
        return refuse(server.error());
    }
    const std::string url = url_of(plan->endpoint, (*server)->port());
    const auto place = NodePlaceMark::write(
        plan->datadir, {plan->endpoint.address, (*server)->port(), this_network()});
    if (!place)
        log::warn(
            "node.place cannot be written; clients on this machine must be given the operator's "
            "password",
            {{"reason", place.error().message()}});
    log::info("started", {{"chain", plan->chain->spec().name},
                          {"genesis", plan->chain->genesis().hash.to_string()},
                          {"index", (*node)->view()->tip.height},
                          {"datadir", plan->datadir},
                          {"node", to_hex((*node_key)->address().bytes)},
                          {"auth", plan->auth ? "on" : "off"},
                          {"mine", desk.is_mining() ? "on" : "off"}});
    log::info("limits", {{"memory_mib", settings.memory_mib},
                         {"pool_mib", settings.pool_mib},
                         {"open_files", plan->files.whole},
                         {"store_files", plan->files.store},
                         {"peer_connections", plan->files.peers},
                         {"http_connections", http_connections}});
    std::cout << "listening on " << url << std::endl;

    constexpr long kTickMs = 1000;
    constexpr Tick kSweepMs = 30'000;
    MemoryWatch watch{plan->memory.whole};
    Tick next_sweep = 0;
    int signal = 0;
    ClockWatch clock;
    while ((signal = signals.wait(kTickMs)) == 0) {
        const Tick now = read_clocks().steady;
        watch.tick(now);
        limits.tick(now);
        if (now < next_sweep) continue;
        sessions.sweep(now);
        clock.look(*(*node)->view(), read_clocks().wall);
        next_sweep = now + kSweepMs;
    }

    // Outside in: nothing new comes, what runs ends, the store goes last. The miner is told first,
    // so that requests that wait for it end with the server.
    stopping = true;
    log::info("stopping", {{"signal", signal_name(signal)}});
    desk.stop();
    nodes.stop();
    inventories.stop();
    logins.stop();
    (*server)->stop();
    network.stop_peers();
    slow.stop();
    desk_of_hooks = nullptr;
    network.stop_checks();
    (*node)->stop();
    nodes_of_hooks = nullptr;
    log::info("stopped", {{"index", (*node)->view()->tip.height}});
    return 0;
}

}  // namespace cairn
