// SPDX-License-Identifier: GPL-2.0-or-later
// The long forms of a domain, to the blank: people's scripts read them.
#include "config/load.hpp"
#include "config/xend_form.hpp"
#include "config/xl_form.hpp"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace windsor::config {
namespace {

std::string golden(const std::string& name)
{
    std::ifstream file{std::string{WINDSOR_CONFIG_TESTDATA "/"} + name};
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

DomainConfig falstaff(std::string_view more = "")
{
    constexpr std::string_view kText = R"(
builder = 'hvm'
kernel = '/usr/lib/xen/boot/hvmloader'
device_model = '/usr/lib64/xen/bin/qemu-dm'
memory = 512
name = 'falstaff'
uuid = '00112233-4455-6677-8899-aabbccddeeff'
vif = [ 'type=ioemu, mac=00:16:3e:01:02:03, bridge=xenbr0' ]
disk = [ 'file:/opt/xen/falstaff/falstaff.img,ioemu:hda,w', 'phy:/dev/cdrom,ioemu:hdc:cdrom,r' ]
boot = 'd'
on_crash = 'restart'
serial = 'pty'
vncpasswd = 'secret'
)";
    return load_text(std::string{kText} + std::string{more}, "falstaff", {}).value().config;
}

TEST(XendForm, IsWhatXmListPrints)
{
    const XendState state{.id = 1,
                          .letters = "r-----",
                          .cpu_seconds = 12.5,
                          .start_time = 1230489041.67,
                          .vnc = "127.0.0.1:5901",
                          .console = "/dev/pts/3"};
    EXPECT_EQ(print_sxp(xend_form(falstaff(), state)) + '\n', golden("falstaff.xm-list"));
}

TEST(XendForm, IsAVmBeforeItRuns)
{
    const auto text = print_sxp(xend_form(falstaff("vnc = 0\n"), std::nullopt));
    EXPECT_TRUE(text.starts_with("(vm\n    (on_crash restart)\n")) << text;
    EXPECT_EQ(text.find("(domid"), std::string::npos);
    EXPECT_EQ(text.find("(vfb"), std::string::npos);
    EXPECT_EQ(text.find("secret"), std::string::npos);
}

TEST(XendForm, SaysHowADomainFares)
{
    const auto status = [](const char* letters) {
        const XendState state{.id = 1, .letters = letters, .vnc = {}, .console = {}};
        const auto text = print_sxp(xend_form(falstaff(), state));
        const auto at = text.find("(status ");
        return text.substr(at, text.find('\n', at) - at);
    };
    EXPECT_EQ(status("-b----"), "(status 2)");
    EXPECT_EQ(status("--p---"), "(status 1)");
    EXPECT_EQ(status("---s--"), "(status 0)");
}

TEST(XendForm, ReadsBackAsSxp)
{
    const auto text = print_sxp(xend_form(falstaff("disk = ['file:/a (b) c.img,hda,w']\n"), std::nullopt));
    EXPECT_NE(text.find("(uname 'file:/a (b) c.img')"), std::string::npos) << text;
    const auto nodes = parse_sxp(std::make_shared<Source>(Source{"listing", text}));
    ASSERT_TRUE(nodes);
    EXPECT_EQ(print_sxp(nodes->front()).size(), text.size() - std::string_view{" "}.size() * 3) << "three empty atoms";
}

TEST(XlForm, IsWhatXlListPrints)
{
    EXPECT_EQ(xl_form(falstaff()).dump(4) + '\n', golden("falstaff.xl-list"));
}

TEST(XlForm, LeavesOutWhatIsNotThere)
{
    auto config = falstaff("disk = [',,hdc,cdrom']\nvif = []\non_reboot = 'rename-restart'\nrtc_timeoffset = 3600\n");
    const auto form = xl_form(config);
    EXPECT_FALSE(form.contains("nics"));
    EXPECT_EQ(form["disks"].dump(),
              R"([{"vdev":"hdc","backend":"qdisk","format":"empty","removable":1,"is_cdrom":1}])");
    EXPECT_EQ(form["on_reboot"], "rename_restart");
    EXPECT_EQ(form["b_info"]["rtc_timeoffset"], 3600);
}

// Every field of a device, in the order in which xend and libxl have them.
TEST(Devices, AreListedWithAllTheirFields)
{
    const auto config = falstaff("disk = ['/a.img,raw,hda,w!', 'phy:/dev/sr0,hdc:cdrom,r', ',hdd:cdrom,r']\n"
                                 "vif = ['ip=10.0.0.1, rate=10Mb/s, vifname=v, script=s, model=e1000, type=vif, "
                                 "bridge=b, mac=00:16:3e:01:02:03, backend=dom1', '']\n");
    const auto text = print_sxp(xend_form(config, std::nullopt));
    for (const char* device :
         {"(vif\n            (bridge b)\n            (mac 00:16:3e:01:02:03)\n            (model e1000)\n"
          "            (type vif)\n            (ip 10.0.0.1)\n            (script s)\n            (vifname v)\n"
          "            (rate 10Mb/s)\n            (backend dom1)\n",
          "(device (vif (backend 0)))", "(uname file:/a.img)\n            (mode w!)",
          "(dev hdc:cdrom)\n            (uname phy:/dev/sr0)", "(dev hdd:cdrom)\n            (uname )"}) {
        EXPECT_NE(text.find(device), std::string::npos) << device << "\nin\n" << text;
    }
    EXPECT_EQ(xl_form(config)["nics"].dump(),
              R"([{"devid":0,"model":"e1000","mac":"00:16:3e:01:02:03","ip":"10.0.0.1","bridge":"b","ifname":"v",)"
              R"("script":"s","nictype":"vif"},{"devid":1,"nictype":"vif_ioemu"}])");
    EXPECT_EQ(xl_form(config)["disks"][0].dump(),
              R"({"pdev_path":"/a.img","vdev":"hda","backend":"qdisk","format":"raw","readwrite":1})");
}

} // namespace
} // namespace windsor::config
